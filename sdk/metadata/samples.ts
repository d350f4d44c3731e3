/** Where the samples of a track lie in a video. */

import { boxesIn, type Box } from './boxes.ts';
import { type Bytes, Damaged, type Range, Reader } from './bytes.ts';

/** A chunk of samples. `open`: its size is not certain, it may go on up to the next chunk. */
export interface Chunk extends Range {
  readonly open: boolean;
}

// An hour of sound in chunks of one sample has a sixth of it.
const MOST_CHUNKS = 1_000_000;

interface Sizes {
  /** Bytes of this many samples from the next on. */
  take(samples: number): number;
  readonly equal: boolean;
}

/** Return the chunks of a track by its sample table. Throws Damaged. */
export function chunksOf(bytes: Bytes, table: Box, sound: boolean): Chunk[] {
  const boxes = boxesIn(bytes, table.content, table.end);
  const find = (kind: string) => boxes.find((box) => box.kind === kind);
  const offsets = find('stco') ?? find('co64');
  const runs = find('stsc');
  const sizes = find('stsz') ?? find('stz2');
  if (!offsets || !runs || !sizes) throw new Damaged('a table is missing');
  const size = sizesOf(bytes, sizes);
  const perChunk = samplesPerChunk(bytes, runs);
  const chunks: Chunk[] = [];
  const reader = contentOf(bytes, offsets);
  const count = reader.number(4);
  const width = offsets.kind === 'co64' ? 8 : 4;
  if (count > MOST_CHUNKS || count * width > reader.left) throw new Damaged('cut short');
  for (let number = 1; number <= count; number++) {
    const start = reader.number(width);
    // QuickTime says 1 for samples of sound that are not compressed, whatever they have.
    chunks.push({ start, end: start + size.take(perChunk(number)), open: sound && size.equal });
  }
  return chunks;
}

/** Return where chunks lie: those of an uncertain size up to the next of these edges. */
export function closed(chunks: readonly Chunk[], edges: readonly number[]): Range[] {
  const sorted = [...edges].sort((one, other) => one - other);
  let place = 0;
  return [...chunks]
    .sort((one, other) => one.start - other.start)
    .map((chunk) => {
      while ((sorted[place] ?? Infinity) <= chunk.start) place += 1;
      return chunk.open ? { start: chunk.start, end: sorted[place] ?? chunk.end } : chunk;
    });
}

function contentOf(bytes: Bytes, box: Box): Reader {
  const reader = new Reader(bytes, box.content, box.end);
  reader.skip(4); // version and flags
  return reader;
}

function sizesOf(bytes: Bytes, box: Box): Sizes {
  const reader = contentOf(bytes, box);
  const compact = box.kind === 'stz2';
  const each = reader.number(4);
  const count = reader.number(4);
  if (!compact && each > 0) return { equal: true, take: (samples) => samples * each };
  const bits = compact ? each & 0xff : 32;
  if (![4, 8, 16, 32].includes(bits) || (count * bits) / 8 > reader.left) {
    throw new Damaged('cut short');
  }
  let half: number | null = null;
  const one = (): number => {
    if (bits !== 4) return reader.number(bits / 8);
    if (half !== null) {
      const low = half;
      half = null;
      return low;
    }
    const both = reader.number(1);
    half = both & 15;
    return both >> 4;
  };
  let left = count;
  const take = (samples: number): number => {
    if (samples > left) throw new Damaged('more samples than sizes');
    left -= samples;
    let size = 0;
    for (let sample = 0; sample < samples; sample++) size += one();
    return size;
  };
  return { equal: false, take };
}

/** Return how many samples a chunk has by its number, for numbers that grow. */
function samplesPerChunk(bytes: Bytes, box: Box): (number: number) => number {
  const reader = contentOf(bytes, box);
  let left = reader.number(4);
  let samples = 0;
  let next = left ? reader.number(4) : Infinity;
  return (number) => {
    while (number >= next) {
      samples = reader.number(4);
      reader.skip(4);
      left -= 1;
      next = left ? reader.number(4) : Infinity;
    }
    return samples;
  };
}
