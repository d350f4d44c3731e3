/** WebP: chunks of RIFF. Pictures and their colour profile stay. */

import {
  type Bytes,
  Damaged,
  fromLatin,
  type Keep,
  latin,
  Parts,
  type Pieces,
  type Removed,
  type Said,
  startsWith,
  viewOf,
} from './bytes.ts';
import { minimalExif } from './exif.ts';

const HEAD_SIZE = 12;
const STAYS = ['VP8 ', 'VP8L', 'ALPH', 'ANIM', 'ICCP'];
const REMOVED: Readonly<Record<string, Removed>> = { 'XMP ': 'text', C2PA: 'signature' };
const IN_FRAME = ['VP8 ', 'VP8L', 'ALPH'];
const FRAME_HEAD_SIZE = 16;
const [EXIF_FLAG, XMP_FLAG] = [0x08, 0x04] as const;

interface Chunk {
  readonly kind: string;
  readonly start: number;
  readonly content: number;
  readonly end: number;
  /** With the byte that makes the size even. */
  readonly next: number;
}

/** Throws Damaged. */
export function cutWebp(data: Bytes, keep: Keep): Pieces {
  const end = 8 + viewOf(data).getUint32(4, true);
  if (end > data.length + 1) throw new Damaged('cut short');
  const removed = new Set<Removed>();
  const parts = new Parts();
  let said: Said = {};
  let [known, exif, flags]: [boolean, Bytes | null, Bytes | null] = [true, null, null];
  for (const chunk of chunks(data, HEAD_SIZE, Math.min(end, data.length))) {
    const bytes = data.subarray(chunk.start, chunk.next);
    if (chunk.kind === 'VP8X' && chunk.end > chunk.content) {
      flags = bytes.slice();
      parts.push(flags);
    } else if (chunk.kind === 'ANMF') {
      known &&= isPlainFrame(data, chunk);
      parts.push(bytes);
    } else if (STAYS.includes(chunk.kind)) {
      parts.push(bytes);
    } else if (chunk.kind === 'EXIF') {
      const prefix = startsWith(data, chunk.content, 'Exif\0\0') ? 6 : 0;
      const minimal = minimalExif(data.subarray(chunk.content + prefix, chunk.end), keep);
      for (const what of minimal.removed) removed.add(what);
      said = minimal.said;
      if (!minimal.empty) exif ??= minimal.tiff;
    } else {
      removed.add(REMOVED[chunk.kind] ?? 'other');
    }
  }
  if (flags) flags[8] = ((flags[8] ?? 0) & ~(EXIF_FLAG | XMP_FLAG)) | (exif ? EXIF_FLAG : 0);
  if (exif && flags) parts.push(chunkOf('EXIF', exif));
  if (end < data.length) removed.add('appended');
  const size = parts.list.reduce((sum, part) => sum + part.length, 4);
  return { parts: [head(size), ...parts.list], removed, known, said };
}

function* chunks(data: Bytes, start: number, end: number): Generator<Chunk> {
  const view = viewOf(data);
  for (let at = start; at < end; ) {
    if (at + 8 > end) throw new Damaged('cut short');
    const size = view.getUint32(at + 4, true);
    const [content, next] = [at + 8, at + 8 + size + (size % 2)];
    if (content + size > end) throw new Damaged('does not fit');
    yield { kind: latin(data, at, 4), start: at, content, end: content + size, next };
    at = next;
  }
}

function isPlainFrame(data: Bytes, frame: Chunk): boolean {
  const start = frame.content + FRAME_HEAD_SIZE;
  if (start > frame.end) throw new Damaged('cut short');
  for (const { kind } of chunks(data, start, frame.end)) if (!IN_FRAME.includes(kind)) return false;
  return true;
}

function head(size: number): Bytes {
  const out = fromLatin('RIFF....WEBP');
  viewOf(out).setUint32(4, size, true);
  return out;
}

function chunkOf(kind: string, content: Bytes): Bytes {
  const out = new Uint8Array(8 + content.length + (content.length % 2));
  out.set(fromLatin(kind));
  viewOf(out).setUint32(4, content.length, true);
  out.set(content, 8);
  return out;
}
