/**
 * Cuts from a file what names a person, a phone or a place, before it is declared or sent.
 *
 * It works on the bytes: pictures and sound stay exactly as they were, and are not decoded.
 */

import {
  type Bytes,
  type Cut,
  Damaged,
  type Keep,
  type Pieces,
  read,
  startsWith,
} from './bytes.ts';
import { cutContainer } from './container.ts';
import { cutJpeg } from './jpeg.ts';
import { cutPng } from './png.ts';
import { byName, HEAD_BYTES, sniff } from './sniff.ts';
import { cutWebp } from './webp.ts';

// More than the service takes: such a file is refused before it matters what is in it.
const MOST_BYTES_IN_MEMORY = 64 << 20;
const IN_MEMORY: Readonly<Record<string, (data: Bytes, keep: Keep) => Pieces>> = {
  'image/jpeg': cutJpeg,
  'image/png': cutPng,
  'image/webp': cutWebp,
  'audio/amr': (data) => ({ parts: [data], removed: new Set(), known: isPlainAmr(data) }),
};

/**
 * Return a file as it may be sent. What is kept besides pictures and sound is `keep`, and what says
 * how they are to be shown.
 *
 * A file that is damaged, or of a type that is not known, is returned whole, and not `known`. Videos
 * are not read into memory. Throws Unreadable, and nothing else.
 */
export async function cut(file: File, keep: Keep): Promise<Cut> {
  const type = sniff(await read(file, 0, HEAD_BYTES));
  const whole: Cut = {
    blob: file,
    type: type ?? byName(file.name, file.type),
    removed: [],
    known: false,
  };
  if (!type) return whole;
  try {
    const inMemory = IN_MEMORY[type];
    if (!inMemory) return await cutContainer(file, type, keep);
    if (file.size > MOST_BYTES_IN_MEMORY) return whole;
    const { parts, removed, known, said } = inMemory(await read(file, 0, file.size), keep);
    const blob = new Blob([...parts], { type });
    return { blob, type, removed: [...removed], known, ...(said ? { said } : {}) };
  } catch (error) {
    if (error instanceof Damaged) return whole;
    throw error;
  }
}

/** AMR: frames after a magic. There is no room for metadata, unless something is appended. */
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
