/**
 * The proof of work that a report needs in a flood (docs/mobile.md).
 *
 * For each round it finds a counter, so that the SHA-256 of challenge, key, round and counter begins
 * with zero bits. It stays on the page's thread and lets the page move in between.
 */

import { createHasher } from './sha256.ts';
import type { components } from '../shared/schema';

export type Challenge = Pick<components['schemas']['Challenge'], 'challenge' | 'bits' | 'rounds'>;

export interface ProofOptions {
  readonly signal?: AbortSignal;
  /** Called now and then with how much is done, from 0 to 1. */
  readonly progress?: (done: number) => void;
}

// No challenge of the service asks for more.
const MOST_BITS = 20;
const MOST_ROUNDS = 16;
// Between two frames, so that the page still moves.
const SLICE_MS = 12;
const TRIES_PER_LOOK = 64;

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
  const counters: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const hash = createHasher(`${challenge}:${key.toLowerCase()}:${round}:`);
    let counter = 0;
    while (!finds(hash, bits, counter)) {
      counter += 1;
      if (counter % TRIES_PER_LOOK === 0 && isTimeToRest()) {
        progress?.((round + 1 - Math.exp(-counter / 2 ** bits)) / rounds);
        await rest();
        if (signal?.aborted) throw new DOMException('the proof was stopped', 'AbortError');
      }
    }
    counters.push(counter);
  }
  return `${challenge}:${counters.join(',')}`;
}

function finds(hash: (counter: number) => number, bits: number, counter: number): boolean {
  return hash(counter) >>> (32 - bits) === 0;
}

let restedAt = 0;

function isTimeToRest(): boolean {
  return performance.now() - restedAt > SLICE_MS;
}

/** Let the page do what waits. A timer would wait for four milliseconds each time. */
function rest(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      restedAt = performance.now();
      resolve();
    };
    port2.postMessage(null);
  });
}
