/** JPEG: segments, then coded data. Only what a decoder needs stays. */

import {
  type Bytes,
  contains,
  fromLatin,
  type Keep,
  Parts,
  type Pieces,
  type Removed,
  type Said,
  startsWith,
  viewOf,
} from './bytes.ts';
import { minimalExif } from './exif.ts';

const [SOI, EOI, SOS, COM] = [0xd8, 0xd9, 0xda, 0xfe] as const;
const [APP0, APP1, APP2, APP11, APP13, APP14, APP15] = [0xe0, 0xe1, 0xe2, 0xeb, 0xed, 0xee, 0xef] as const;
const JFIF_SIZE = 16;
const ADOBE_SIZE = 14;

export function cutJpeg(data: Bytes, keep: Keep): Pieces {
  const cutter = new Cutter(data, keep);
  cutter.run();
  return cutter;
}

class Cutter implements Pieces {
  readonly removed = new Set<Removed>();
  said: Said = {};
  known = true;
  readonly #data: Bytes;
  readonly #view: DataView;
  readonly #keep: Keep;
  readonly #head: Bytes[] = [];
  readonly #rest = new Parts();
  #exif: Bytes | null = null;
  #at = 2;

  constructor(data: Bytes, keep: Keep) {
    this.#data = data;
    this.#view = viewOf(data);
    this.#keep = keep;
  }

  get parts(): Bytes[] {
    return [
      this.#data.subarray(0, 2),
      ...this.#head,
      ...(this.#exif ? [segment(APP1, fromLatin('Exif\0\0'), this.#exif)] : []),
      ...this.#rest.list,
    ];
  }

  run(): void {
    let coded = false;
    for (let marker = this.#next(); marker !== null; marker = this.#next()) {
      if (marker === EOI) {
        this.#finish();
        this.known &&= coded;
        return;
      }
      if (marker === 0x01 || (marker >= 0xd0 && marker <= SOI)) continue;
      const end = this.#segmentEnd();
      if (end === null) break;
      this.#take(marker, this.#data.subarray(this.#at - 2, end));
      this.#at = end;
      if (marker === SOS) {
        coded = true;
        this.#passCoded();
      }
    }
    this.known = false; // it ends too early
  }

  /** Find the next marker as a decoder does: bytes before it are skipped. Null at the end. */
  #next(): number | null {
    for (;;) {
      const at = this.#data.indexOf(0xff, this.#at);
      let code = at + 1;
      while (at >= 0 && this.#data[code] === 0xff) code++;
      const marker = at < 0 ? undefined : this.#data[code];
      if (at > this.#at) this.removed.add('other');
      if (marker === undefined) return null;
      this.#at = code + 1;
      if (marker !== 0) return marker;
    }
  }

  #segmentEnd(): number | null {
    if (this.#at + 2 > this.#data.length) return null;
    const size = this.#view.getUint16(this.#at);
    const end = this.#at + size;
    return size < 2 || end > this.#data.length ? null : end;
  }

  /** Decide on one segment. Its bytes begin with the marker. */
  #take(marker: number, bytes: Bytes): void {
    const is = (name: string) => startsWith(bytes, 4, name);
    if (marker === APP0 && is('JFIF\0') && bytes.length >= 18 && !this.#head.length) {
      this.#head.push(this.#plainJfif(bytes));
    } else if (marker === APP1 && is('Exif\0')) {
      this.#takeExif(bytes.subarray(10));
    } else if (marker === APP1 || marker === APP13 || marker === COM) {
      this.removed.add('text');
    } else if (marker === APP2 && is('ICC_PROFILE\0')) {
      this.#rest.push(bytes);
    } else if (marker === APP14 && is('Adobe') && bytes.length >= ADOBE_SIZE + 2) {
      this.#rest.push(segment(APP14, bytes.subarray(4, 2 + ADOBE_SIZE)));
    } else if (marker === APP11 && is('JP') && contains(bytes, 'c2pa')) {
      this.removed.add('signature');
    } else if (marker >= APP0 && marker <= APP15) {
      this.removed.add('other');
    } else {
      if (marker < 0xc0 || marker > 0xdf) this.known = false;
      this.#rest.push(bytes);
    }
  }

  #plainJfif(bytes: Bytes): Bytes {
    if (bytes.length > 2 + JFIF_SIZE) this.removed.add('thumbnail');
    const plain = segment(APP0, bytes.subarray(4, 2 + JFIF_SIZE));
    plain.fill(0, JFIF_SIZE); // the sides of the thumbnail
    return plain;
  }

  #takeExif(tiff: Bytes): void {
    const exif = minimalExif(tiff, this.#keep);
    for (const what of exif.removed) this.removed.add(what);
    this.said = { ...exif.said, ...this.said };
    if (!exif.empty) this.#exif ??= exif.tiff;
  }

  /** Pass over coded data, up to the next marker that is not part of it. */
  #passCoded(): void {
    const start = this.#at;
    let at = this.#data.indexOf(0xff, start);
    while (at >= 0) {
      const code = this.#data[at + 1];
      if (code === undefined) break;
      if (code === 0xff) at = this.#data.indexOf(0xff, at + 1);
      else if (code === 0 || (code >= 0xd0 && code <= 0xd7)) at = this.#data.indexOf(0xff, at + 2);
      else break;
    }
    this.#at = at < 0 || at + 1 >= this.#data.length ? this.#data.length : at;
    this.#rest.push(this.#data.subarray(start, this.#at));
  }

  #finish(): void {
    this.#rest.push(new Uint8Array([0xff, EOI]));
    if (this.#at < this.#data.length) this.removed.add('appended');
  }
}

function segment(marker: number, ...content: Bytes[]): Bytes {
  const size = content.reduce((sum, bytes) => sum + bytes.length, 2);
  const out = new Uint8Array(size + 2);
  out.set([0xff, marker, size >> 8, size & 0xff]);
  let at = 4;
  for (const bytes of content) {
    out.set(bytes, at);
    at += bytes.length;
  }
  return out;
}
