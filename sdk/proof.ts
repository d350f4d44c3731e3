/**
 * The proof of work that a report needs in a flood (docs/mobile.md).
 *
 * For each round it finds a counter, so that the SHA-256 of challenge, key, round and counter begins
 * with zero bits. It stays on the page's thread and lets the page move in between.
 *
 * With a JIT our own SHA-256 is five times as fast as the browser's, whose every digest is a promise.
 * Without one (Tor Browser "Safer", iOS Lockdown) it is a third as fast. So both are tried for a
 * moment.
 */

import { createHasher } from './sha256.ts';
import type { components } from './schema.ts';

export type Challenge = Pick<components['schemas']['Challenge'], 'challenge' | 'bits' | 'rounds'>;

export interface ProofOptions {
  readonly signal?: AbortSignal;
  /** Called now and then with how much is done, from 0 to 1. */
  readonly progress?: (done: number) => void;
}

/** Tries the counters from one on, `TRIES` of them. Returns the first that is right, or null. */
type Search = (from: number) => number | null | Promise<number | null>;
/** Makes a search after what stands before the counter. */
type Method = (start: string, bits: number) => Search;

// No challenge of the service asks for more.
const MOST_BITS = 20;
const MOST_ROUNDS = 16;
const TRIES = 64;
// Less than the time between two frames, so that the page still moves.
const SLICE_MS = 12;
const TRIAL_MS = 20;

/** A challenge asks for more work than the service ever does. */
export class TooMuchWork extends Error {
  override readonly name = 'TooMuchWork';
}

/**
 * Return the proof for the report with this Idempotency-Key.
 *
 * Throws TooMuchWork, and an AbortError when the signal is aborted.
 */
export async function prove(
  { challenge, bits, rounds }: Challenge,
  key: string,
  { signal, progress }: ProofOptions = {},
): Promise<string> {
  if (!(bits > 0 && bits <= MOST_BITS && rounds > 0 && rounds <= MOST_ROUNDS)) {
    throw new TooMuchWork();
  }
  const method = await fastest();
  const counters: number[] = [];
  let restedAt = performance.now();
  for (let round = 0; round < rounds; round++) {
    const search = method(`${challenge}:${key.toLowerCase()}:${round}:`, bits);
    let found: number | null = null;
    for (let from = 0; found === null; from += TRIES) {
      const trying = search(from);
      found = trying instanceof Promise ? await trying : trying;
      if (performance.now() - restedAt < SLICE_MS) continue;
      progress?.((round + 1 - Math.exp(-from / 2 ** bits)) / rounds);
      await rest();
      restedAt = performance.now();
      if (signal?.aborted) throw new DOMException('the proof was stopped', 'AbortError');
    }
    counters.push(found);
  }
  return `${challenge}:${counters.join(',')}`;
}

/** Our own SHA-256. */
export const direct: Method = (start, bits) => {
  const hash = createHasher(start);
  return (from) => {
    for (let counter = from; counter < from + TRIES; counter++) {
      if (hash(counter) >>> (32 - bits) === 0) return counter;
    }
    return null;
  };
};

/** The browser's SHA-256, many at a time. */
export const subtle: Method = (start, bits) => {
  const encoder = new TextEncoder();
  return async (from) => {
    const digests: Promise<ArrayBuffer>[] = [];
    for (let counter = from; counter < from + TRIES; counter++) {
      digests.push(crypto.subtle.digest('SHA-256', encoder.encode(start + counter)));
    }
    const right = (await Promise.all(digests)).findIndex(
      (digest) => new DataView(digest).getUint32(0) >>> (32 - bits) === 0,
    );
    return right < 0 ? null : from + right;
  };
};

async function fastest(): Promise<Method> {
  // A page that was not loaded over HTTPS has no other.
  if (!globalThis.crypto?.subtle) return direct;
  return (await speedOf(subtle)) > (await speedOf(direct)) ? subtle : direct;
}

/** Return how many tries a method makes in a moment. */
async function speedOf(method: Method): Promise<number> {
  const search = method('trial:', 32);
  const start = performance.now();
  let tries = 0;
  while (performance.now() - start < TRIAL_MS) {
    await search(tries);
    tries += TRIES;
  }
  return tries / (performance.now() - start);
}

/** Let the page do what waits. A timer would wait for four milliseconds each time. */
function rest(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
