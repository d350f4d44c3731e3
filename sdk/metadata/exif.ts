/**
 * Exif: a TIFF without pictures. What stays is written anew from a list of what may stay, so nothing
 * else can be in it.
 */

import { type Bytes, fromLatin, type Keep, latin, type Removed, type Said, viewOf } from './bytes.ts';

const ORIENTATION = 0x0112;
const EXIF_IFD = 0x8769;
const GPS_IFD = 0x8825;
const [BYTE, ASCII, SHORT, LONG, RATIONAL] = [1, 2, 3, 4, 5] as const;
const SIZES: readonly number[] = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];
const MOST_FIELDS = 1000;

/** What a field that stays must look like: its type, its most values, its text. */
interface Shape {
  readonly type: number;
  readonly most: number;
  readonly text?: RegExp;
}

const TIME: Shape = { type: ASCII, most: 32, text: /^[0-9: +\-Z]*\0*$/ };
const LETTER: Shape = { type: ASCII, most: 2, text: /^[NSEWTM]\0*$/ };
const numbers = (most: number): Shape => ({ type: RATIONAL, most });

const TIMES: Readonly<Record<number, Shape>> = { 0x0132: TIME };
const EXIF_TIMES: Readonly<Record<number, Shape>> = {
  0x9003: TIME,
  0x9004: TIME,
  0x9010: TIME,
  0x9011: TIME,
  0x9012: TIME,
  0x9290: TIME,
  0x9291: TIME,
  0x9292: TIME,
};
const PLACES: Readonly<Record<number, Shape>> = {
  0: { type: BYTE, most: 4 },
  1: LETTER,
  2: numbers(3),
  3: LETTER,
  4: numbers(3),
  5: { type: BYTE, most: 1 },
  6: numbers(1),
  16: LETTER,
  17: numbers(1),
  18: { type: ASCII, most: 16, text: /^[A-Z0-9 -]*\0*$/ },
  31: numbers(1),
};
const PLACE_TIMES: Readonly<Record<number, Shape>> = { 7: numbers(3), 29: TIME };

const DEVICE = [
  ...[0x010f, 0x0110, 0x0131, 0x013c, 0xa431, 0xa432, 0xa433, 0xa434, 0xa435],
];
/** A maker note, and the picture's own number. */
const NOTES = [0x927c, 0xa420];
/** Names, by what they say. Of two tags the first that is there counts. */
const NAMES = {
  maker: [0x010f],
  model: [0x0110],
  serial: [0xa431, 0xa435],
  owner: [0xa430, 0x013b, 0x8298],
  software: [0x0131],
} satisfies Partial<Record<keyof Said, readonly number[]>>;
const MOST_NAME = 80;
const TEXT = [
  ...[0x010e, 0x013b, 0x8298, 0x9286, 0x9c9b, 0x9c9c, 0x9c9d, 0x9c9e, 0x9c9f, 0xa430, 0x02bc],
];

interface Field {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  readonly value: Bytes;
}

export interface MinimalExif {
  /** A TIFF with what stays, in the same byte order. */
  readonly tiff: Bytes;
  /** Nothing stays but the normal orientation, so no Exif is needed. */
  readonly empty: boolean;
  readonly removed: readonly Removed[];
  /** What it says, whether that stays or not. */
  readonly said: Said;
}

/** Return what may stay of a TIFF: its orientation, and what is to be kept. It may be damaged. */
export function minimalExif(tiff: Bytes, keep: Keep): MinimalExif {
  const little = latin(tiff, 0, 4) === 'II*\0';
  if (!little && latin(tiff, 0, 4) !== 'MM\0*') return { ...build([], [], [], false), removed: [], said: {} };
  const main = new Directory(tiff, offsetAt(tiff, 4, little), little);
  const exif = new Directory(tiff, main.pointer(EXIF_IFD), little);
  const gps = new Directory(tiff, main.pointer(GPS_IFD), little);

  const kept = build(
    [
      ...main.pick({ [ORIENTATION]: { type: SHORT, most: 1 } }).filter(isTurned(little)),
      ...(keep.time ? main.pick(TIMES) : []),
    ],
    keep.time ? exif.pick(EXIF_TIMES) : [],
    [
      ...(keep.place ? gps.pick(PLACES) : []),
      ...(keep.place && keep.time ? gps.pick(PLACE_TIMES) : []),
    ],
    little,
  );
  const all = [...main.fields, ...exif.fields];
  const has = (tags: readonly number[]) => all.some((field) => tags.includes(field.tag));
  const removed: Removed[] = [];
  if (!keep.place && gps.fields.length) removed.push('place');
  if (!keep.time && has([...Object.keys(TIMES), ...Object.keys(EXIF_TIMES)].map(Number))) {
    removed.push('time');
  }
  if (has(DEVICE)) removed.push('device');
  if (has(NOTES)) removed.push('notes');
  if (has(TEXT)) removed.push('text');
  if (main.next) removed.push('thumbnail');
  const [lat, lon] = [degrees(gps, 2, 1, 'S', little), degrees(gps, 4, 3, 'W', little)];
  const [taken] = [...exif.pick({ 0x9003: TIME }), ...main.pick(TIMES)].map(({ value }) =>
    latin(value, 0, 16).replace(/^(\d{4}):(\d\d):/, '$1-$2-'),
  );
  const said = {
    ...namesIn(all),
    ...(taken && /^\d{4}-\d\d-\d\d \d\d:\d\d$/.test(taken) ? { time: taken } : {}),
    ...(lat && lon ? { place: `${lat}, ${lon}` } : {}),
  };
  return { ...kept, removed, said };
}

/** Return what the fields say by name, as a person reads it. */
function namesIn(fields: readonly Field[]): Said {
  const said = Object.entries(NAMES).map(([name, tags]) => {
    const found = tags.flatMap((tag) => fields.filter((one) => one.tag === tag && one.type === ASCII));
    const texts = found.map(({ value }) =>
      new TextDecoder().decode(value).replace(/\p{C}+/gu, ' ').trim().slice(0, MOST_NAME),
    );
    return [name, texts.find((one) => one !== '')] as const;
  });
  return Object.fromEntries(said.filter(([, text]) => text !== undefined));
}

/** Return degrees to about ten metres, as text; null if they are not there. */
function degrees(gps: Directory, tag: number, side: number, other: string, little: boolean) {
  const [field] = gps.pick({ [tag]: numbers(3) });
  const [letter] = gps.pick({ [side]: LETTER });
  if (field?.value.length !== 24 || !letter) return null;
  const view = viewOf(field.value);
  const parts = [0, 8, 16].map((at) => view.getUint32(at, little) / view.getUint32(at + 4, little));
  const sum = parts.reduce((all, part, power) => all + part / 60 ** power, 0);
  if (!Number.isFinite(sum) || sum > 180) return null;
  return (latin(letter.value, 0, 1) === other ? -sum : sum).toFixed(4);
}

/** A directory of fields. What lies out of bounds is left out. */
class Directory {
  readonly fields: readonly Field[];
  /** Where the next directory is: the thumbnail's. 0 if there is none. */
  readonly next: number = 0;
  readonly #little: boolean;

  constructor(tiff: Bytes, at: number, little: boolean) {
    this.#little = little;
    const fields: Field[] = [];
    const view = viewOf(tiff);
    const fits = at >= 8 && at + 2 <= tiff.length;
    const count = fits ? Math.min(view.getUint16(at, little), MOST_FIELDS) : 0;
    for (let number = 0; number < count; number++) {
      const from = at + 2 + number * 12;
      if (from + 12 > tiff.length) break;
      const [tag, type] = [view.getUint16(from, little), view.getUint16(from + 2, little)];
      const values = view.getUint32(from + 4, little);
      const size = (SIZES[type] ?? 0) * values;
      const start = size <= 4 ? from + 8 : view.getUint32(from + 8, little);
      const inside = size > 0 && start + size <= tiff.length;
      fields.push({
        tag,
        type,
        count: values,
        value: inside ? tiff.subarray(start, start + size) : new Uint8Array(0),
      });
    }
    if (fits) this.next = offsetAt(tiff, at + 2 + count * 12, little);
    this.fields = fields;
  }

  /** Return the fields that stand in a list and look as it says. */
  pick(shapes: Readonly<Record<number, Shape>>): Field[] {
    return this.fields.filter(({ tag, type, count, value }) => {
      const shape = shapes[tag];
      if (!shape || type !== shape.type || count > shape.most || !value.length) return false;
      return !shape.text || shape.text.test(latin(value, 0, value.length));
    });
  }

  pointer(tag: number): number {
    const field = this.fields.find((field) => field.tag === tag && field.type === LONG);
    return field?.value.length === 4 ? viewOf(field.value).getUint32(0, this.#little) : 0;
  }
}

function isTurned(little: boolean): (field: Field) => boolean {
  return ({ value }) => {
    const turn = viewOf(value).getUint16(0, little);
    return turn >= 2 && turn <= 8;
  };
}

function offsetAt(tiff: Bytes, at: number, little: boolean): number {
  return at + 4 <= tiff.length ? viewOf(tiff).getUint32(at, little) : 0;
}

function build(main: Field[], exif: Field[], gps: Field[], little: boolean): Omit<MinimalExif, 'removed' | 'said'> {
  const pointers = (exif.length ? 1 : 0) + (gps.length ? 1 : 0);
  const exifAt = 8 + sizeOf(main, pointers);
  const gpsAt = exifAt + (exif.length ? sizeOf(exif) : 0);
  const tiff = new Uint8Array(gpsAt + (gps.length ? sizeOf(gps) : 0));
  const view = viewOf(tiff);
  tiff.set(fromLatin(little ? 'II*\0' : 'MM\0*'));
  view.setUint32(4, 8, little);
  const pointer = (tag: number, to: number): Field => {
    const value = new Uint8Array(4);
    viewOf(value).setUint32(0, to, little);
    return { tag, type: LONG, count: 1, value };
  };
  write(
    tiff,
    8,
    [
      ...main,
      ...(exif.length ? [pointer(EXIF_IFD, exifAt)] : []),
      ...(gps.length ? [pointer(GPS_IFD, gpsAt)] : []),
    ],
    little,
  );
  if (exif.length) write(tiff, exifAt, exif, little);
  if (gps.length) write(tiff, gpsAt, gps, little);
  return { tiff, empty: !main.length && !exif.length && !gps.length };
}

function sizeOf(fields: readonly Field[], more = 0): number {
  return fields.reduce(
    (size, { value }) => size + 12 + (value.length > 4 ? even(value.length) : 0),
    2 + 4 + 12 * more,
  );
}

function write(tiff: Bytes, at: number, fields: readonly Field[], little: boolean): void {
  const view = viewOf(tiff);
  const sorted = [...fields].sort((one, other) => one.tag - other.tag);
  let data = at + 2 + sorted.length * 12 + 4;
  view.setUint16(at, sorted.length, little);
  sorted.forEach(({ tag, type, count, value }, number) => {
    const from = at + 2 + number * 12;
    view.setUint16(from, tag, little);
    view.setUint16(from + 2, type, little);
    view.setUint32(from + 4, count, little);
    if (value.length <= 4) {
      tiff.set(value, from + 8);
    } else {
      view.setUint32(from + 8, data, little);
      tiff.set(value, data);
      data += even(value.length);
    }
  });
}

function even(size: number): number {
  return size + (size % 2);
}
