/** Bytes that are read and written within their bounds. */

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

/** What a photo says: its place in degrees, its time by the phone's clock, the phone and its owner. */
export interface Said {
  readonly maker?: string;
  readonly model?: string;
  /** Serial numbers, of the camera and of its lens. */
  readonly serial?: string;
  readonly owner?: string;
  readonly software?: string;
  readonly time?: string;
  readonly place?: string;
}

/** What a picture consists of after cutting: pieces of its own bytes, and new ones. */
export interface Pieces {
  readonly parts: readonly Bytes[];
  readonly said?: Said;
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

/** Ranges of bytes of a file. */

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Return ranges in their order, those joined that touch. */
export function merge(ranges: readonly Range[]): Range[] {
  const merged: { start: number; end: number }[] = [];
  for (const { start, end } of [...ranges].sort((one, other) => one.start - other.start)) {
    const last = merged[merged.length - 1];
    if (end <= start) continue;
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else merged.push({ start, end });
  }
  return merged;
}

/** Return what a range has beside others, which must be merged. */
export function without(range: Range, others: readonly Range[]): Range[] {
  const left: Range[] = [];
  let at = range.start;
  for (let place = firstAfter(others, at); place < others.length; place++) {
    const other = others[place];
    if (!other || other.start >= range.end) break;
    if (other.start > at) left.push({ start: at, end: other.start });
    at = Math.max(at, other.end);
  }
  if (at < range.end) left.push({ start: at, end: range.end });
  return left;
}

/** Return whether a range has bytes in common with others, which must be merged. */
export function meets({ start, end }: Range, others: readonly Range[]): boolean {
  const first = others[firstAfter(others, start)];
  return start < end && first !== undefined && first.start < end;
}

/** Return the place of the first range that ends after `at`. */
function firstAfter(ranges: readonly Range[], at: number): number {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle]?.end ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What may stay in a file. Everything else that names a person, a phone or a place is cut. */
export interface Keep {
  readonly place: boolean;
  readonly time: boolean;
}

/**
 * What was found and cut. `device`: maker, model, serial numbers. `notes`: what the
 * maker writes for itself, of which nobody says what it holds. `text`: names,
 * comments, captions. `thumbnail`: a small copy, which may show more than the picture. `appended`:
 * something behind the picture, such as the video of a moving photo. `tracks`: what sensors recorded
 * beside a video. `signature`: what proves who made the file, and how (C2PA). `other`: blocks of which nothing is known.
 */
export type Removed =
  | 'place'
  | 'time'
  | 'device'
  | 'notes'
  | 'text'
  | 'thumbnail'
  | 'appended'
  | 'tracks'
  | 'signature'
  | 'other';

/** A file as it is sent. */
export interface Cut {
  readonly blob: Blob;
  readonly said?: Said;
  /** The media type to declare, by the file's bytes; by its name if these are unknown. */
  readonly type: string;
  readonly removed: readonly Removed[];
  /** False: something of its structure is unknown or damaged, so something may have stayed. */
  readonly known: boolean;
}

/** The phone does not let us read the file. It is gone, or was changed since it was chosen. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}
