import { Damaged, type Bytes } from './bytes.ts';
import type { Removed } from './types.ts';

/** What a picture consists of after cutting: pieces of its own bytes, and new ones. */
export interface Pieces {
  readonly parts: readonly Bytes[];
  readonly removed: ReadonlySet<Removed>;
  readonly known: boolean;
}

const MOST_PARTS = 50_000;

/** Pieces one after the other. Throws Damaged for more than any camera makes. */
export class Parts {
  readonly list: Bytes[] = [];

  push(bytes: Bytes): void {
    if (this.list.length === MOST_PARTS) throw new Damaged('too many pieces');
    this.list.push(bytes);
  }
}
