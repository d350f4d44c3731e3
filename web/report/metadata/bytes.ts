/** Bytes that are read and written within their bounds. */

import { Unreadable } from './types.ts';

export type Bytes = Uint8Array<ArrayBuffer>;

/** A file is not built as its type says. */
export class Damaged extends Error {
  override readonly name = 'Damaged';
}

/** Reads numbers one after the other. Throws Damaged beyond the end. */
export class Reader {
  readonly #view: DataView;
  readonly #bytes: Bytes;
  readonly end: number;
  at: number;

  constructor(bytes: Bytes, start = 0, end = bytes.length) {
    if (start < 0 || end > bytes.length || start > end) throw new Damaged('out of bounds');
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.at = start;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  /** Read a whole number of 0, 1, 2, 4 or 8 bytes, the most significant first. */
  number(size: number): number {
    const at = this.skip(size);
    switch (size) {
      case 0:
        return 0;
      case 1:
        return this.#view.getUint8(at);
      case 2:
        return this.#view.getUint16(at);
      case 4:
        return this.#view.getUint32(at);
      case 8:
        return bigNumber(this.#view, at);
      default:
        throw new Damaged('a number of this size');
    }
  }

  /** Read four characters. */
  kind(): string {
    return latin(this.#bytes, this.skip(4), 4);
  }

  /** Pass over bytes, and return where they begin. */
  skip(size: number): number {
    if (size < 0 || size > this.left) throw new Damaged('cut short');
    const at = this.at;
    this.at += size;
    return at;
  }
}

export function viewOf(bytes: Bytes): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Read 64 bits as a number. Throws Damaged for what no file is as large as. */
export function bigNumber(view: DataView, at: number): number {
  const high = view.getUint32(at);
  if (high >= 1 << 21) throw new Damaged('too large');
  return high * 2 ** 32 + view.getUint32(at + 4);
}

/** Return bytes as characters, one each. */
export function latin(bytes: Bytes, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, Math.min(start + length, bytes.length)));
}

export function fromLatin(text: string): Bytes {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function startsWith(bytes: Bytes, start: number, text: string): boolean {
  return latin(bytes, start, text.length) === text;
}

/** Return whether a range of bytes contains a text. */
export function contains(bytes: Bytes, text: string, start = 0, end = bytes.length): boolean {
  const first = text.charCodeAt(0);
  let at = bytes.indexOf(first, start);
  while (at >= 0 && at + text.length <= end) {
    if (startsWith(bytes, at, text)) return true;
    at = bytes.indexOf(first, at + 1);
  }
  return false;
}

/** Return this range of a file. Throws Unreadable. */
export async function read(blob: Blob, start: number, end: number): Promise<Bytes> {
  try {
    return new Uint8Array(await blob.slice(start, end).arrayBuffer());
  } catch (error) {
    throw new Unreadable(String(error));
  }
}
