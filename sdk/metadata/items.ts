/** The items of a HEIF picture (`meta`): coded pictures, and what is noted beside them. */

import { boxesIn, type Box } from './boxes.ts';
import {
  type Bytes,
  Damaged,
  type Keep,
  meets,
  merge,
  type Range,
  Reader,
  type Removed,
  type Said,
  startsWith,
  without,
} from './bytes.ts';
import { minimalExif } from './exif.ts';
import { blankHandler } from './movie.ts';

const STAYS = ['hdlr', 'dinf', 'pitm', 'iinf', 'iref', 'iprp', 'iloc', 'idat', 'grpl', 'ipro'];
const PADDING = ['free', 'skip'];
const PICTURES = [
  ...['hvc1', 'av01', 'avc1', 'vvc1', 'evc1', 'lhv1', 'hvt1', 'jpeg', 'j2k1', 'unci', 'mski'],
  ...['grid', 'iovl', 'iden', 'tmap'],
];
const NOTES = ['Exif', 'mime', 'uri '];
const DESCRIPTIONS = ['udes', 'uuid'];
const MOST_ITEMS = 20_000;
const MOST_EXTENTS = 200_000;
const [IN_FILE, IN_IDAT] = [0, 1] as const;

/** An item: `notes` if it is no picture. */
interface Item {
  readonly id: number;
  readonly kind: string;
}

interface Place {
  readonly method: number;
  readonly extents: readonly Range[];
  /** An extent goes on to the end, or lies in another file. */
  readonly uncertain: boolean;
}

/** What a picture's items are, and what was found among them. */
export class Items {
  readonly removed = new Set<Removed>();
  said: Said = {};
  known = true;
  /** Where the coded pictures lie in the file. */
  readonly pictures: Range[] = [];
  /** Where notes lie in the file. */
  readonly notes: Range[] = [];
  /** The Exif, if it lies in the file in one piece. */
  exif: Range | null = null;
  readonly #keep: Keep;

  constructor(keep: Keep) {
    this.#keep = keep;
  }

  /** Read `meta`, which is in memory, and overwrite what it holds itself. Throws Damaged. */
  clean(bytes: Bytes, meta: Box): void {
    const boxes = boxesIn(bytes, Math.min(meta.content + 4, meta.end), meta.end);
    const find = (kind: string) => boxes.find((box) => box.kind === kind);
    const [infos, locations, data] = [find('iinf'), find('iloc'), find('idat')];
    if (!infos || !locations) throw new Damaged('a table is missing');
    const places = placesOf(bytes, locations);
    const items = this.#itemsOf(bytes, infos);
    this.#sort(items, places);
    if (data) this.#cleanData(bytes, data, items, places);
    for (const box of boxes) {
      if (box.kind === 'hdlr') blankHandler(bytes, box);
      else if (box.kind === 'iprp') blankDescriptions(bytes, box, this.removed);
      else if (!STAYS.includes(box.kind)) this.#free(bytes, box);
    }
  }

  #itemsOf(bytes: Bytes, infos: Box): Item[] {
    const reader = new Reader(bytes, infos.content, infos.end);
    const version = reader.number(1);
    reader.skip(3);
    const count = reader.number(version === 0 ? 2 : 4);
    const entries = boxesIn(bytes, reader.at, infos.end).filter(({ kind }) => kind === 'infe');
    if (entries.length !== count || count > MOST_ITEMS) throw new Damaged('a count is wrong');
    return entries.map((entry) => itemOf(bytes, entry));
  }

  #sort(items: readonly Item[], places: ReadonlyMap<number, Place>): void {
    for (const { id, kind } of items) {
      const place = places.get(id);
      if (!place) continue;
      const note = NOTES.includes(kind);
      if (place.uncertain || (note && place.method > IN_IDAT)) this.known = false;
      if (!note && !PICTURES.includes(kind)) this.known = false;
      if (note) this.removed.add(kind === 'Exif' ? 'device' : 'text');
      if (place.method !== IN_FILE) continue;
      (note ? this.notes : this.pictures).push(...place.extents);
      const [only, more] = place.extents;
      if (kind === 'Exif' && only && !more) this.exif ??= only;
    }
  }

  #cleanData(
    bytes: Bytes,
    data: Box,
    items: readonly Item[],
    places: ReadonlyMap<number, Place>,
  ): void {
    const rangesOf = (chosen: readonly Item[]): Range[] =>
      chosen
        .flatMap(({ id }) => {
          const place = places.get(id);
          return place?.method === IN_IDAT ? place.extents : [];
        })
        .map(({ start, end }) => ({ start: data.content + start, end: data.content + end }));
    const pictures = merge(rangesOf(items.filter(({ kind }) => !NOTES.includes(kind))));
    const [exif, more] = rangesOf(items.filter(({ kind }) => kind === 'Exif'));
    const replaced = exif && !more && !meets(exif, pictures) && exif.end <= data.end;
    const instead = replaced ? this.exifInstead(bytes.slice(exif.start, exif.end)) : null;
    for (const note of rangesOf(items.filter(({ kind }) => NOTES.includes(kind)))) {
      if (note.end > data.end || meets(note, pictures)) this.known = false;
      const inside = { start: note.start, end: Math.min(note.end, data.end) };
      for (const { start, end } of without(inside, pictures)) bytes.fill(0, start, end);
    }
    if (exif && instead) bytes.set(instead, exif.start);
  }

  #free(bytes: Bytes, box: Box): void {
    if (!PADDING.includes(box.kind)) this.removed.add('other');
    bytes.set([0x66, 0x72, 0x65, 0x65], box.start + 4);
    bytes.fill(0, box.content, box.end);
  }

  /** Return what is to be written in place of an Exif: what may stay of it, or zeros. */
  exifInstead(item: Bytes): Bytes {
    const out = new Uint8Array(item.length);
    const start = item.length >= 4 ? 4 + new Reader(item).number(4) : item.length;
    if (start + 8 > item.length) return out;
    const exif = minimalExif(item.subarray(start), this.#keep);
    for (const what of exif.removed) this.removed.add(what);
    this.said = exif.said;
    // Four bytes say where the TIFF begins: at once.
    if (exif.tiff.length + 4 <= out.length) out.set(exif.tiff, 4);
    return out;
  }
}

function itemOf(bytes: Bytes, entry: Box): Item {
  const reader = new Reader(bytes, entry.content, entry.end);
  const version = reader.number(1);
  reader.skip(3);
  if (version < 2) throw new Damaged('an entry of an old version');
  const id = reader.number(version === 2 ? 2 : 4);
  reader.skip(2);
  const kind = reader.kind();
  // The name. For `mime` its length matters, since the type follows.
  const name = bytes.indexOf(0, reader.at);
  if (kind === 'mime') bytes.fill(0x20, reader.at, Math.min(name, entry.end));
  else if (kind !== 'uri ') bytes.fill(0, reader.at, entry.end);
  return { id, kind };
}

function placesOf(bytes: Bytes, box: Box): Map<number, Place> {
  const reader = new Reader(bytes, box.content, box.end);
  const version = reader.number(1);
  reader.skip(3);
  const [sizes, more] = [reader.number(1), reader.number(1)];
  const [offsetSize, lengthSize] = [sizes >> 4, sizes & 15];
  const [baseSize, indexSize] = [more >> 4, version > 0 ? more & 15 : 0];
  const count = reader.number(version < 2 ? 2 : 4);
  if (count > MOST_ITEMS) throw new Damaged('too many items');
  const places = new Map<number, Place>();
  let total = 0;
  for (let item = 0; item < count; item++) {
    const id = reader.number(version < 2 ? 2 : 4);
    const method = version > 0 ? reader.number(2) & 15 : IN_FILE;
    const otherFile = reader.number(2) !== 0;
    const base = reader.number(baseSize);
    const extents: Range[] = [];
    let uncertain = otherFile || places.has(id);
    const number = reader.number(2);
    total += number;
    if (total > MOST_EXTENTS) throw new Damaged('too many extents');
    for (let extent = 0; extent < number; extent++) {
      reader.skip(indexSize);
      const start = base + reader.number(offsetSize);
      const length = reader.number(lengthSize);
      uncertain ||= length === 0;
      extents.push({ start, end: start + length });
    }
    places.set(id, { method, extents, uncertain });
  }
  return places;
}

function blankDescriptions(bytes: Bytes, properties: Box, removed: Set<Removed>): void {
  for (const list of boxesIn(bytes, properties.content, properties.end)) {
    if (list.kind !== 'ipco') continue;
    for (const property of boxesIn(bytes, list.content, list.end)) {
      if (!DESCRIPTIONS.includes(property.kind)) continue;
      removed.add('text');
      // Its place in the list counts, so it stays, with empty texts.
      bytes.fill(0, Math.min(property.content + 4, property.end), property.end);
    }
  }
}

/**
 * Return whether a `meta` at the top of a file is that of a picture. One of a video may be anything.
 * Throws Damaged.
 */
export function isPicture(bytes: Bytes, meta: Box, isVideo: boolean): boolean {
  try {
    const start = Math.min(meta.content + 4, meta.end);
    const handler = boxesIn(bytes, start, meta.end).find(({ kind }) => kind === 'hdlr');
    return handler !== undefined && startsWith(bytes, handler.content + 8, 'pict');
  } catch (error) {
    if (isVideo && error instanceof Damaged) return false;
    throw error;
  }
}
