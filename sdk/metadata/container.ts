/**
 * ISO base media files. Nothing is moved: what must go becomes free space or zeros, so that all
 * places that the file names of itself stay right. Of the data (`mdat`) only what the index says to
 * be pictures and sound stays.
 */

import { type Box, topBoxes } from './boxes.ts';
import {
  type Bytes,
  type Cut,
  Damaged,
  fromLatin,
  type Keep,
  meets,
  merge,
  type Range,
  read,
  type Removed,
  without,
} from './bytes.ts';
import { isPicture, Items } from './items.ts';
import { Movie } from './movie.ts';
import { closed } from './samples.ts';

const MOST_INDEX_BYTES = 64 << 20;
const MOST_EXIF_BYTES = 4 << 20;
const DATA = ['mdat', 'imda'];
const STAYS = ['ftyp', 'styp', 'sidx', 'ssix', 'pdin', 'mfra'];
const PADDING = ['free', 'skip', 'wide'];
/** The id of the box with signed provenance. */
const C2PA = 'd8fec3d61b0e483c92975828877ec481';
const SOUND_ALONE: Readonly<Record<string, string>> = {
  'video/mp4': 'audio/mp4',
  'video/3gpp': 'audio/3gpp',
};

/** Cut an ISO base media file of this type. Throws Damaged and Unreadable. */
export async function cutContainer(blob: Blob, type: string, keep: Keep): Promise<Cut> {
  const container = new Container(blob, keep);
  await container.read();
  return container.cut(type);
}

class Container {
  readonly #blob: Blob;
  readonly #patches = new Patches();
  readonly #movie: Movie;
  readonly #items: Items;
  readonly #found = new Set<Removed>();
  #boxes: readonly Box[] = [];
  #data: readonly Range[] = [];
  #end = 0;
  #known = true;
  #fragmented = false;
  #hasItems = false;
  #signed: Box | null = null;
  #hasIndex = false;

  constructor(blob: Blob, keep: Keep) {
    this.#blob = blob;
    this.#movie = new Movie(keep);
    this.#items = new Items(keep);
  }

  async read(): Promise<void> {
    const { boxes, end, short } = await topBoxes(this.#blob);
    this.#boxes = boxes;
    this.#end = end;
    this.#known = !short;
    this.#data = merge(
      boxes
        .filter(({ kind }) => DATA.includes(kind))
        .map(({ content, end }) => ({ start: content, end })),
    );
    let index = 0;
    for (const box of boxes) {
      if (box.kind === 'moov' || box.kind === 'moof') {
        index += await this.#rewrite(box, (bytes, inMemory) => this.#movie.clean(bytes, inMemory));
        this.#fragmented ||= box.kind === 'moof';
      } else if (box.kind === 'uuid') {
        const id = await read(this.#blob, box.content, Math.min(box.content + 16, box.end));
        const hex = Array.from(id, (byte) => byte.toString(16).padStart(2, '0')).join('');
        if (hex === C2PA) this.#signed = box;
      } else if (box.kind === 'meta') {
        index += await this.#rewrite(box, (bytes, inMemory) => this.#clean(bytes, inMemory));
      }
      if (index > MOST_INDEX_BYTES) throw new Damaged('the index is too large');
    }
    const indexes = boxes.filter(({ kind }) => kind === 'moov').length;
    this.#hasIndex = indexes > 0 || this.#hasItems;
    if (indexes > 1 || !this.#hasIndex) this.#known = false;
    // Of fragments only the heads are read, not where their samples lie.
    if (this.#fragmented && this.#movie.sensors) this.#known = false;
  }

  async cut(type: string): Promise<Cut> {
    const edges = [...this.#movie.starts, ...this.#boxes.map((box) => box.end)];
    const stays = merge([...closed(this.#movie.chunks, edges), ...this.#items.pictures]);
    if (!stays.every((range) => this.#isData(range))) this.#known = false;
    const exif = await this.#cutExif(stays);
    const untouched = exif ? merge([...stays, exif]) : stays;
    for (const box of this.#boxes) this.#cutBox(box, untouched);
    const end = this.#cutTail(stays);
    const { pictures, sound } = this.#movie;
    const soundAlone = sound && !pictures ? SOUND_ALONE[type] : undefined;
    return {
      blob: this.#patches.apply(this.#blob, end, soundAlone ?? type),
      type: soundAlone ?? type,
      removed: [...new Set([...this.#found, ...this.#movie.removed, ...this.#items.removed])],
      known: this.#known && this.#movie.known && this.#items.known,
      said: this.#items.said,
    };
  }

  /** Change a box in memory. Return its size. */
  async #rewrite(box: Box, change: (bytes: Bytes, inMemory: Box) => void): Promise<number> {
    const size = box.end - box.start;
    if (size > MOST_INDEX_BYTES) throw new Damaged('the index is too large');
    const bytes = await read(this.#blob, box.start, box.end);
    change(bytes, { kind: box.kind, start: 0, content: box.content - box.start, end: bytes.length });
    this.#patches.write(box.start, bytes);
    return size;
  }

  #clean(bytes: Bytes, meta: Box): void {
    const isVideo = this.#boxes.some(({ kind }) => kind === 'moov');
    if (!isPicture(bytes, meta, isVideo)) {
      bytes.set([0x66, 0x72, 0x65, 0x65], meta.start + 4);
      bytes.fill(0, meta.content);
      this.#found.add('other');
      return;
    }
    if (this.#hasItems) throw new Damaged('two pictures');
    this.#hasItems = true;
    this.#items.clean(bytes, meta);
  }

  #cutBox(box: Box, stays: readonly Range[]): void {
    const { kind, content, end } = box;
    if (DATA.includes(kind)) {
      if (this.#isCertain(stays)) {
        for (const rest of without({ start: content, end }, stays)) {
          this.#patches.zero(rest);
        }
        return;
      }
      if (!this.#fragmented) this.#known = false;
      this.#zeroNotes(box, stays);
    } else if (!STAYS.includes(kind) && !['moov', 'moof', 'meta'].includes(kind)) {
      if (meets(box, stays)) {
        this.#known = false;
        return;
      }
      this.#patches.free(box);
      if (!PADDING.includes(kind)) this.#found.add(box === this.#signed ? 'signature' : 'other');
    }
  }

  /** Return whether a range lies where data may lie. */
  #isData(range: Range): boolean {
    return without(range, this.#data).length === 0;
  }

  /** Return whether it is known where everything that must stay lies. */
  #isCertain(stays: readonly Range[]): boolean {
    return !this.#fragmented && stays.length > 0 && this.#items.known && this.#movie.known;
  }

  /** Zero at least what the items say to be notes. */
  #zeroNotes({ content, end }: Box, stays: readonly Range[]): void {
    for (const note of merge(this.#items.notes)) {
      const inside = { start: Math.max(note.start, content), end: Math.min(note.end, end) };
      for (const rest of without(inside, stays)) this.#patches.zero(rest);
    }
  }

  /** Write what may stay of the Exif in its place. Return where it was written. */
  async #cutExif(stays: readonly Range[]): Promise<Range | null> {
    if (merge(this.#items.notes).some((note) => meets(note, stays))) this.#known = false;
    const exif = this.#items.exif;
    if (!exif || meets(exif, stays) || exif.end - exif.start > MOST_EXIF_BYTES) return null;
    if (!this.#isData(exif)) {
      this.#known = false;
      return null;
    }
    const instead = this.#items.exifInstead(await read(this.#blob, exif.start, exif.end));
    this.#patches.write(exif.start, instead);
    return exif;
  }

  /** Return where the file ends without what is no box. */
  #cutTail(stays: readonly Range[]): number {
    const tail = { start: this.#end, end: this.#blob.size };
    if (tail.start === tail.end) return tail.end;
    if (!this.#hasIndex || meets(tail, stays)) {
      this.#known = false;
      return tail.end;
    }
    this.#found.add('appended');
    return tail.start;
  }
}

/** Changes of a file in place: its size and the places of all other bytes stay. */
const MOST_PATCHES = 100_000;
const ZEROS = 1 << 20;

export class Patches {
  readonly #patches: { start: number; end: number; bytes: Bytes | null }[] = [];

  /** Write bytes over those at `start`. */
  write(start: number, bytes: Bytes): void {
    this.#push(start, start + bytes.length, bytes);
  }

  /** Write zeros over a range. */
  zero({ start, end }: Range): void {
    if (end > start) this.#push(start, end, null);
  }

  /** Make free space of a box. */
  free(box: Box): void {
    this.write(box.start + 4, fromLatin('free'));
    this.zero({ start: box.content, end: box.end });
  }

  #push(start: number, end: number, bytes: Bytes | null): void {
    if (this.#patches.length === MOST_PATCHES) throw new Damaged('too many ranges');
    this.#patches.push({ start, end, bytes });
  }

  /**
   * Return the file up to `end` with all changes. Nothing of it is read. Of two that meet, the one
   * that begins first counts.
   */
  apply(blob: Blob, end: number, type: string): Blob {
    const zeros = new Blob([new Uint8Array(ZEROS)]);
    const parts: BlobPart[] = [];
    let at = 0;
    for (const patch of [...this.#patches].sort((one, other) => one.start - other.start)) {
      const [from, to] = [Math.max(at, patch.start), Math.min(end, patch.end)];
      if (to <= from) continue;
      if (from > at) parts.push(blob.slice(at, from));
      if (patch.bytes) {
        parts.push(patch.bytes.subarray(from - patch.start, to - patch.start));
      } else {
        for (let left = to - from; left > 0; left -= ZEROS) parts.push(zeros.slice(0, left));
      }
      at = to;
    }
    if (at < end) parts.push(blob.slice(at, end));
    return new Blob(parts, { type });
  }
}
