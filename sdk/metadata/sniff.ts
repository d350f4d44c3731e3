/** Which type a file is of, by its first bytes: the service goes by the same. */

import { latin, startsWith, type Bytes } from './bytes.ts';

const MAGIC: readonly (readonly [string, string])[] = [
  ['image/jpeg', '\xff\xd8\xff'],
  ['image/png', '\x89PNG\r\n\x1a\n'],
  ['audio/amr', '#!AMR\n'],
  ['audio/amr', '#!AMR-WB\n'],
];
const HEIC = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs'];
const HEIF = ['mif1', 'msf1'];
const MP4 = [
  ...['isom', 'mp41', 'mp42', 'avc1', 'M4V ', 'M4VH', 'M4VP', 'MSNV', 'mmp4', 'dash', 'f4v '],
  ...['XAVC', 'M4A '],
];
const ENDINGS: Readonly<Record<string, string>> = {
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  heic: 'image/heic',
  heif: 'image/heif',
  mp4: 'video/mp4',
  m4v: 'video/mp4',
  mov: 'video/quicktime',
  '3gp': 'video/3gpp',
  m4a: 'audio/mp4',
  amr: 'audio/amr',
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  ogg: 'audio/ogg',
  opus: 'audio/ogg',
  // Browsers say that it is a video: the service takes it for sound alone.
  webm: 'audio/webm',
};

/** How many bytes `sniff` wants, if the file has them. */
export const HEAD_BYTES = 64;

/** Return the type that the first bytes of a file indicate; null for any that is not known. */
export function sniff(head: Bytes): string | null {
  for (const [type, magic] of MAGIC) if (startsWith(head, 0, magic)) return type;
  if (startsWith(head, 0, 'RIFF') && startsWith(head, 8, 'WEBP')) return 'image/webp';
  return startsWith(head, 4, 'ftyp') ? byBrands(head) : null;
}

/** Return the type that the name of a file indicates, or that the browser says. */
export function byName(name: string, said: string): string {
  const ending = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  return ENDINGS[ending] ?? said;
}

function byBrands(head: Bytes): string | null {
  const end = Math.min(((head[2] ?? 0) << 8) | (head[3] ?? 0), head.length);
  const brands = [latin(head, 8, 4)];
  for (let at = 16; at + 4 <= end; at += 4) brands.push(latin(head, at, 4));
  const major = brands[0] ?? '';
  // A HEIF brand names the container, not the codec: AVIF has it too.
  if (HEIF.includes(major)) {
    if (brands.some((brand) => HEIC.includes(brand))) return 'image/heic';
    return brands.includes('avif') ? 'image/avif' : 'image/heif';
  }
  for (const brand of brands) {
    if (HEIC.includes(brand)) return 'image/heic';
    if (brand === 'avif' || brand === 'avis') return 'image/avif';
    if (brand === 'qt  ') return 'video/quicktime';
    if (/^3g[p2]/.test(brand)) return 'video/3gpp';
    if (MP4.includes(brand) || brand.startsWith('iso')) return 'video/mp4';
  }
  return null;
}
