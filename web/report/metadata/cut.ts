/**
 * Cuts from a file what names a person, a phone or a place, before it is declared or sent.
 *
 * It works on the bytes: pictures and sound stay exactly as they were, and are not decoded.
 */

import { isPlainAmr } from './amr.ts';
import { Damaged, read, type Bytes } from './bytes.ts';
import { cutContainer } from './container.ts';
import { cutJpeg } from './jpeg.ts';
import type { Pieces } from './pieces.ts';
import { cutPng } from './png.ts';
import { byName, HEAD_BYTES, sniff } from './sniff.ts';
import type { Cut, Keep } from './types.ts';
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
 * A file that is damaged, or of a type that is not known, is returned whole, and not `known`. Films
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
    const { parts, removed, known } = inMemory(await read(file, 0, file.size), keep);
    return { blob: new Blob([...parts], { type }), type, removed: [...removed], known };
  } catch (error) {
    if (error instanceof Damaged) return whole;
    throw error;
  }
}
