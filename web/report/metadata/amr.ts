/** AMR: frames after a magic. There is no room for metadata, unless something is appended. */

import { startsWith, type Bytes } from './bytes.ts';

// The bytes of a frame by its type, with the byte that names the type. 0: there is none such.
const NARROW = [13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1];
const WIDE = [18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1];

/** Return whether a recording consists of frames alone. The last may be cut short. */
export function isPlainAmr(data: Bytes): boolean {
  const wide = startsWith(data, 0, '#!AMR-WB\n');
  const sizes = wide ? WIDE : NARROW;
  for (let at = wide ? 9 : 6; at < data.length; ) {
    const head = data[at] ?? 0;
    const size = sizes[(head >> 3) & 15] ?? 0;
    if (!size || head & 0x83) return false;
    at += size;
  }
  return true;
}
