/** Changes of a file in place: its size and the places of all other bytes stay. */

import { Damaged, fromLatin, type Bytes } from './bytes.ts';
import type { Box } from './boxes.ts';
import type { Range } from './ranges.ts';

const MOST_PATCHES = 100_000;
const ZEROS = 1 << 20;

export class Patches {
  readonly #patches: { start: number; end: number; bytes: Bytes | null }[] = [];

  /** Write bytes over those at `start`. */
  write(start: number, bytes: Bytes): void {
    this.#push(start, start + bytes.length, bytes);
  }

  /** Write zeros over a range. */
  zero({ start, end }: Range): void {
    if (end > start) this.#push(start, end, null);
  }

  /** Make free space of a box. */
  free(box: Box): void {
    this.write(box.start + 4, fromLatin('free'));
    this.zero({ start: box.content, end: box.end });
  }

  #push(start: number, end: number, bytes: Bytes | null): void {
    if (this.#patches.length === MOST_PATCHES) throw new Damaged('too many ranges');
    this.#patches.push({ start, end, bytes });
  }

  /**
   * Return the file up to `end` with all changes. Nothing of it is read. Of two that meet, the one
   * that begins first counts.
   */
  apply(blob: Blob, end: number, type: string): Blob {
    const zeros = new Blob([new Uint8Array(ZEROS)]);
    const parts: BlobPart[] = [];
    let at = 0;
    for (const patch of [...this.#patches].sort((one, other) => one.start - other.start)) {
      const [from, to] = [Math.max(at, patch.start), Math.min(end, patch.end)];
      if (to <= from) continue;
      if (from > at) parts.push(blob.slice(at, from));
      if (patch.bytes) {
        parts.push(patch.bytes.subarray(from - patch.start, to - patch.start));
      } else {
        for (let left = to - from; left > 0; left -= ZEROS) parts.push(zeros.slice(0, left));
      }
      at = to;
    }
    if (at < end) parts.push(blob.slice(at, end));
    return new Blob(parts, { type });
  }
}
