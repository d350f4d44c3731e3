/** Proofs of work for one report: one at a time. */

import { TooMuchWork, type Challenge, type ProofOptions } from '../proof.ts';
import type { Clock } from './clock.ts';
import { Later } from './network.ts';

export type Prove = (challenge: Challenge, key: string, options: ProofOptions) => Promise<string>;

/**
 * Makes proofs. One for a challenge that is worked on already goes on: all challenges of a minute
 * are the same.
 */
export class Proofs {
  readonly #prove: Prove;
  readonly #signal: AbortSignal;
  readonly #progress: (done: number) => void;
  #running: { readonly name: string; readonly proof: Promise<string>; stop(): void } | null = null;

  constructor(prove: Prove, signal: AbortSignal, progress: (done: number) => void) {
    this.#prove = prove;
    this.#signal = signal;
    this.#progress = progress;
  }

  /** Return a proof. Throws Later for more work than the service ever asks for. */
  async make(challenge: Challenge, key: string): Promise<string> {
    const name = `${challenge.challenge}:${key}`;
    if (this.#running?.name !== name) {
      this.end();
      this.#running = this.#start(challenge, key, name);
    }
    try {
      return await this.#running.proof;
    } catch (error) {
      throw error instanceof TooMuchWork ? new Later() : error;
    }
  }

  /** Return a proof if it is made within so many milliseconds, else null. It goes on meanwhile. */
  async makeWithin(
    challenge: Challenge,
    key: string,
    ms: number,
    clock: Clock,
  ): Promise<string | null> {
    let stop = () => {};
    const patience = new Promise<null>((resolve) => {
      stop = clock.after(ms, () => resolve(null));
    });
    try {
      return await Promise.race([this.make(challenge, key), patience]);
    } finally {
      stop();
    }
  }

  /** Stop working. */
  end(): void {
    this.#running?.stop();
    this.#running = null;
  }

  #start(challenge: Challenge, key: string, name: string) {
    const stopping = new AbortController();
    const stop = () => stopping.abort();
    this.#signal.addEventListener('abort', stop);
    const proof = this.#prove(challenge, key, {
      signal: stopping.signal,
      progress: this.#progress,
    }).finally(() => this.#signal.removeEventListener('abort', stop));
    proof.catch(() => undefined); // nobody may wait for it any more
    return { name, proof, stop };
  }
}
