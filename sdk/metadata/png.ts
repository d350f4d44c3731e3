/** PNG: chunks. Those that say how pixels look stay. */

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
  viewOf,
} from './bytes.ts';
import { minimalExif } from './exif.ts';

const MAGIC_SIZE = 8;
const CRITICAL = ['IHDR', 'PLTE', 'IDAT', 'IEND'];
const STAYS = [
  ...['tRNS', 'cHRM', 'gAMA', 'iCCP', 'sBIT', 'sRGB', 'cICP', 'mDCV', 'cLLI', 'bKGD', 'pHYs'],
  ...['acTL', 'fcTL', 'fdAT'],
];
const REMOVED: Readonly<Record<string, Removed>> = {
  tEXt: 'text',
  zTXt: 'text',
  iTXt: 'text',
  tIME: 'time',
  eXIf: 'device',
  caBX: 'signature',
};
const TABLE = Uint32Array.from({ length: 256 }, (_, number) => {
  let sum = number;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  return sum;
});

/** Throws Damaged. */
export function cutPng(data: Bytes, keep: Keep): Pieces {
  const view = viewOf(data);
  const parts = new Parts();
  parts.push(data.subarray(0, MAGIC_SIZE));
  const removed = new Set<Removed>();
  let [known, said]: [boolean, Said] = [true, {}];
  for (let at = MAGIC_SIZE; ; ) {
    if (at + 12 > data.length) throw new Damaged('cut short');
    const end = at + 12 + view.getUint32(at);
    if (end > data.length) throw new Damaged('does not fit');
    const kind = latin(data, at + 4, 4);
    if (CRITICAL.includes(kind) || STAYS.includes(kind) || (kind === 'tIME' && keep.time)) {
      parts.push(data.subarray(at, end));
    } else if (isCritical(kind)) {
      parts.push(data.subarray(at, end));
      known = false;
    } else if (kind === 'eXIf') {
      const exif = minimalExif(data.subarray(at + 8, end - 4), keep);
      for (const what of exif.removed) removed.add(what);
      said = exif.said;
      if (!exif.empty) parts.push(chunk('eXIf', exif.tiff));
    } else {
      removed.add(REMOVED[kind] ?? 'other');
    }
    at = end;
    if (kind === 'IEND') {
      if (at < data.length) removed.add('appended');
      return { parts: parts.list, removed, known, said };
    }
  }
}

function isCritical(kind: string): boolean {
  const first = kind.charCodeAt(0);
  return first < 0x61 || first > 0x7a;
}

function chunk(kind: string, content: Bytes): Bytes {
  const out = new Uint8Array(content.length + 12);
  const view = viewOf(out);
  view.setUint32(0, content.length);
  out.set(fromLatin(kind), 4);
  out.set(content, 8);
  view.setUint32(8 + content.length, checksum(out.subarray(4, 8 + content.length)));
  return out;
}

function checksum(bytes: Bytes): number {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = (TABLE[(sum ^ byte) & 0xff] ?? 0) ^ (sum >>> 8);
  return ~sum >>> 0;
}
