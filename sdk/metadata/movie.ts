/**
 * The index of a video (`moov`), and of its fragments (`moof`): names, places and times are
 * overwritten in the memory that holds it. What is not in the list of what stays becomes free space.
 */

import { boxesIn, childOf, type Box } from './boxes.ts';
import {
  type Bytes,
  contains,
  Damaged,
  fromLatin,
  type Keep,
  latin,
  type Removed,
  viewOf,
} from './bytes.ts';
import { chunksOf, type Chunk } from './samples.ts';

const STAYS: Readonly<Record<string, readonly string[]>> = {
  moov: ['mvhd', 'trak', 'mvex', 'iods'],
  mvex: ['mehd', 'trex', 'leva'],
  trak: ['tkhd', 'edts', 'mdia', 'tapt'],
  tapt: ['clef', 'prof', 'enof'],
  edts: ['elst'],
  mdia: ['mdhd', 'hdlr', 'minf', 'elng'],
  minf: ['vmhd', 'smhd', 'hdlr', 'dinf', 'stbl'],
  dinf: ['dref'],
  stbl: [
    ...['stsd', 'stts', 'ctts', 'cslg', 'stsc', 'stsz', 'stz2', 'stco', 'co64', 'stss', 'stsh'],
    ...['stps', 'sdtp', 'padb', 'stdp', 'sgpd', 'sbgp', 'subs', 'saiz', 'saio'],
  ],
  moof: ['mfhd', 'traf'],
  traf: [
    ...['tfhd', 'tfdt', 'trun', 'sdtp', 'sgpd', 'sbgp', 'subs', 'saiz', 'saio', 'senc'],
  ],
};
const TIMED = ['mvhd', 'tkhd', 'mdhd'];
const PICTURES = ['vide', 'auxv'];
const PLACE_ATOMS = ['\xa9xyz', 'loci'];
const TIME_ATOMS = ['\xa9day', 'date'];
const PLACE_KEY = 'com.apple.quicktime.location';
const TIME_KEY = 'com.apple.quicktime.creationdate';
const LONGEST_KEY = 64;
// Beyond it, nothing is looked for that only the list of what was removed would name.
const MOST_SEARCHED = 1 << 18;

/** What a video holds, and what was found in it. */
export class Movie {
  readonly removed = new Set<Removed>();
  known = true;
  /** Where the samples of the tracks that stay lie. */
  readonly chunks: Chunk[] = [];
  /** Where chunks of all tracks begin. */
  readonly starts: number[] = [];
  pictures = false;
  sound = false;
  /** Some track does not stay. */
  sensors = false;
  readonly #keep: Keep;
  #inSound = false;

  constructor(keep: Keep) {
    this.#keep = keep;
  }

  /** Overwrite an index or a fragment that is in memory from its head on. Throws Damaged. */
  clean(bytes: Bytes, box: Box): void {
    this.#within(bytes, box);
  }

  #within(bytes: Bytes, parent: Box): void {
    const stays = STAYS[parent.kind] ?? [];
    for (const box of boxesIn(bytes, parent.content, parent.end)) {
      if (box.kind === 'trak') this.#track(bytes, box);
      else if (box.kind === 'udta' || box.kind === 'meta') this.#names(bytes, box);
      else if (!stays.includes(box.kind)) this.#free(bytes, box);
      else if (STAYS[box.kind]) this.#within(bytes, box);
      else this.#leaf(bytes, box);
    }
  }

  #track(bytes: Bytes, track: Box): void {
    const media = childOf(bytes, track, 'mdia');
    const handler = media && childOf(bytes, media, 'hdlr');
    const kind = handler ? latin(bytes, handler.content + 8, 4) : '';
    const sound = kind === 'soun';
    const table = media && childOf(bytes, media, 'minf');
    const samples = table && childOf(bytes, table, 'stbl');
    const chunks = samples ? chunksOf(bytes, samples, sound) : [];
    for (const { start } of chunks) this.starts.push(start);
    if (!media || !(sound || PICTURES.includes(kind))) {
      this.sensors = true;
      this.removed.add('tracks');
      free(bytes, track);
      return;
    }
    this.sound ||= sound;
    this.pictures ||= !sound;
    for (const chunk of chunks) this.chunks.push(chunk);
    if (!samples) this.known = false;
    this.#inSound = sound;
    this.#within(bytes, track);
  }

  #leaf(bytes: Bytes, box: Box): void {
    if (TIMED.includes(box.kind)) this.#timed(bytes, box);
    else if (box.kind === 'hdlr') blankHandler(bytes, box);
    else if (box.kind === 'stsd') this.#formats(bytes, box);
    else if (box.kind === 'dref') this.#sources(bytes, box);
  }

  #timed(bytes: Bytes, box: Box): void {
    if (this.#keep.time) return;
    const width = bytes[box.content] === 1 ? 16 : 8;
    const times = bytes.subarray(box.content + 4, Math.min(box.content + 4 + width, box.end));
    if (times.some((byte) => byte !== 0)) this.removed.add('time');
    times.fill(0);
  }

  /** The formats of samples: blank who made the encoder. */
  #formats(bytes: Bytes, box: Box): void {
    for (const format of boxesIn(bytes, box.content + 8, box.end)) {
      const blank = (from: number, size: number) =>
        bytes.fill(0, format.content + from, Math.min(format.content + from + size, format.end));
      blank(12, 4); // the vendor
      if (!this.#inSound) blank(42, 32); // the compressor's name
      if (format.kind === 'samr' || format.kind === 'sawb') blankAmrVendor(bytes, format);
    }
  }

  /** Where samples are: always this file. A name of another one may be left there. */
  #sources(bytes: Bytes, box: Box): void {
    for (const source of boxesIn(bytes, box.content + 8, box.end)) {
      const flags = source.end >= source.content + 4 ? viewOf(bytes).getUint32(source.content) : 1;
      if (!(flags & 1)) this.known = false;
      bytes.fill(0, Math.min(source.content + 4, source.end), source.end);
    }
  }

  #names(bytes: Bytes, box: Box): void {
    this.#note(bytes, box);
    const { place, time } = this.#keep;
    if (!place && !time) {
      free(bytes, box);
      return;
    }
    const atoms = [...(place ? PLACE_ATOMS : []), ...(time ? TIME_ATOMS : [])];
    try {
      if (box.kind === 'meta') this.#keyed(bytes, box, atoms);
      else this.#atoms(bytes, box, atoms);
    } catch (error) {
      if (!(error instanceof Damaged)) throw error;
      free(bytes, box); // not a list as we know it
    }
  }

  #atoms(bytes: Bytes, box: Box, atoms: readonly string[]): void {
    for (const atom of boxesIn(bytes, box.content, box.end)) {
      if (atom.kind === 'meta') this.#keyed(bytes, atom, atoms);
      else if (!atoms.includes(atom.kind)) free(bytes, atom);
    }
  }

  /** A list of values by keys: those that may stay keep theirs. */
  #keyed(bytes: Bytes, box: Box, atoms: readonly string[]): void {
    const full = latin(bytes, box.content + 4, 4) === 'hdlr' ? 0 : 4;
    const boxes = boxesIn(bytes, Math.min(box.content + full, box.end), box.end);
    const keys = boxes.find(({ kind }) => kind === 'keys');
    const stays = [...atoms, ...(keys ? this.#keys(bytes, keys) : [])];
    for (const inner of boxes) {
      if (inner.kind === 'hdlr') blankHandler(bytes, inner);
      else if (inner.kind === 'ilst') {
        for (const value of boxesIn(bytes, inner.content, inner.end)) {
          if (!stays.includes(value.kind)) bytes.fill(0, value.content, value.end);
        }
      } else if (inner.kind !== 'keys') free(bytes, inner);
    }
  }

  /** Return the numbers, as kinds of boxes, of the keys whose values stay. */
  #keys(bytes: Bytes, keys: Box): string[] {
    const stays: string[] = [];
    boxesIn(bytes, Math.min(keys.content + 8, keys.end), keys.end).forEach((key, place) => {
      const name = latin(bytes, key.content, Math.min(key.end - key.content, LONGEST_KEY));
      const number = new Uint8Array(4);
      viewOf(number).setUint32(0, place + 1);
      const isPlace = this.#keep.place && name.startsWith(PLACE_KEY);
      if (isPlace || (this.#keep.time && name === TIME_KEY)) stays.push(latin(number, 0, 4));
      else bytes.fill(0x78, key.content, key.end);
    });
    return stays;
  }

  #note(bytes: Bytes, box: Box): void {
    const { place, time } = this.#keep;
    const end = Math.min(box.end, box.content + MOST_SEARCHED);
    const has = (text: string) => contains(bytes, text, box.content, end);
    if (!place && [...PLACE_ATOMS, 'location'].some(has)) this.removed.add('place');
    if (!time && [...TIME_ATOMS, 'creationdate'].some(has)) this.removed.add('time');
    this.removed.add('device');
  }

  #free(bytes: Bytes, box: Box): void {
    const padding = ['free', 'skip', 'wide'].includes(box.kind);
    if (!padding) this.removed.add('other');
    free(bytes, box);
  }
}

function free(bytes: Bytes, box: Box): void {
  bytes.set(fromLatin('free'), box.start + 4);
  bytes.fill(0, box.content, box.end);
}

/** Blank the name of a handler, and its maker in QuickTime. */
export function blankHandler(bytes: Bytes, box: Box): void {
  bytes.fill(0, Math.min(box.content + 12, box.end), box.end);
}

function blankAmrVendor(bytes: Bytes, format: Box): void {
  for (const box of boxesIn(bytes, Math.min(format.content + 28, format.end), format.end)) {
    if (box.kind === 'damr') bytes.fill(0, box.content, Math.min(box.content + 4, box.end));
  }
}
