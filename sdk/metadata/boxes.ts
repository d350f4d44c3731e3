/** The boxes of an ISO base media file (HEIC, MP4, MOV, 3GP, M4A), at its top and within others. */

import { bigNumber, Damaged, latin, read, viewOf, type Bytes } from './bytes.ts';

/** A box: its kind, and where it, its content and the next box begin. */
export interface Box {
  readonly kind: string;
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

export interface TopBoxes {
  readonly boxes: readonly Box[];
  /** Where the boxes end. What follows is no box. */
  readonly end: number;
  /** The file ends before its data do. */
  readonly short: boolean;
}

// Within a box, or outermost: more than any phone writes.
const MOST_BOXES = 20_000;
const KIND = /^[\x20-\x7e\xa9]{4}$/;

/** Return the outermost boxes of a file, of which only the heads are read. Throws Damaged. */
export async function topBoxes(blob: Blob): Promise<TopBoxes> {
  const boxes: Box[] = [];
  let at = 0;
  while (at + 8 <= blob.size) {
    const head = await read(blob, at, at + 16);
    const box = boxAt(head, 0, at, blob.size - at);
    // Data may be cut short. Anything else that does not fit is no box.
    if (!box || (box.end > blob.size && box.kind !== 'mdat')) break;
    if (boxes.length === MOST_BOXES) throw new Damaged('too many boxes');
    boxes.push(box);
    if (box.end > blob.size) return { boxes, end: blob.size, short: true };
    at = box.end;
  }
  return { boxes, end: at, short: false };
}

/** Return the boxes that fill a part of a file. Throws Damaged when they do not. */
export function boxesIn(bytes: Bytes, start: number, end: number): Box[] {
  const boxes: Box[] = [];
  for (let at = start; at < end; ) {
    // QuickTime ends some lists with four zero bytes.
    if (end - at < 8 && bytes.subarray(at, end).every((byte) => byte === 0)) break;
    const box = end - at < 8 ? null : boxAt(bytes, at, at, end - at);
    if (!box || box.end > end) throw new Damaged('does not fit');
    if (boxes.length === MOST_BOXES) throw new Damaged('too many boxes');
    boxes.push(box);
    at = box.end;
  }
  return boxes;
}

export function childOf(bytes: Bytes, box: Box, kind: string): Box | undefined {
  return boxesIn(bytes, box.content, box.end).find((child) => child.kind === kind);
}

/** Read the head of a box at `from`, which is at `at` in the file. Null if it is none. */
function boxAt(bytes: Bytes, from: number, at: number, room: number): Box | null {
  if (from + 8 > bytes.length) return null;
  const view = viewOf(bytes);
  const kind = latin(bytes, from + 4, 4);
  let [size, head] = [view.getUint32(from), 8];
  if (size === 1) {
    if (from + 16 > bytes.length) return null;
    [size, head] = [bigNumber(view, from + 8), 16];
  } else if (size === 0) {
    size = room;
  }
  if (size < head) return null;
  // A list within `meta` counts its boxes where others have a name.
  return KIND.test(kind) || (kind.startsWith('\0') && from === at)
    ? { kind, start: at, content: at + head, end: at + size }
    : null;
}
