/** What differs between two texts, word by word. */

import { diffArrays } from 'diff';

export interface Piece {
  kind: 'same' | 'added' | 'removed';
  text: string;
}

// Chinese has no spaces between words, so each of its characters is compared by itself.
const TOKENS = /\p{Script=Han}|[\p{L}\p{N}]+|\s+|./gu;

/** Return the pieces of both texts in reading order; what was removed stands before what was added. */
export function wordDiff(before: string, after: string): Piece[] {
  const parts = diffArrays(before.match(TOKENS) ?? [], after.match(TOKENS) ?? []);
  return parts.map((part) => ({
    kind: part.added ? 'added' : part.removed ? 'removed' : 'same',
    text: part.value.join(''),
  }));
}
