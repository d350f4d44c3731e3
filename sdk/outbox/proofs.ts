/** Proofs of work for one report: one at a time. */

import { TooMuchWork, type Challenge, type ProofOptions } from '../proof.ts';
import type { Clock } from './clock.ts';
import { Later } from './network.ts';

export type Prove = (challenge: Challenge, key: string, options: ProofOptions) => Promise<string>;

interface Running {
  readonly key: string;
  readonly proof: Promise<string>;
  stop(): void;
}

/**
 * Makes proofs. Work that has begun is not given up for a newer challenge: there is one each minute,
 * and each is good for five.
 */
export class Proofs {
  readonly #prove: Prove;
  readonly #signal: AbortSignal;
  readonly #progress: (done: number) => void;
  #running: Running | null = null;

  constructor(prove: Prove, signal: AbortSignal, progress: (done: number) => void) {
    this.#prove = prove;
    this.#signal = signal;
    this.#progress = progress;
  }

  /** Return a proof. Throws Later for more work than the service ever asks for. */
  async make(challenge: Challenge, key: string): Promise<string> {
    return await this.#use(this.#begin(challenge, key).proof);
  }

  /** Return a proof if it is made within so many milliseconds, else null: then it goes on. */
  async makeWithin(
    challenge: Challenge,
    key: string,
    ms: number,
    clock: Clock,
  ): Promise<string | null> {
    const { proof } = this.#begin(challenge, key);
    let stop = () => {};
    const patience = new Promise<null>((resolve) => {
      stop = clock.after(ms, () => resolve(null));
    });
    try {
      const soon = await Promise.race([proof, patience]);
      return soon === null ? null : await this.#use(proof);
    } finally {
      stop();
    }
  }

  /** Wait for a proof that is sent then: after it, work begins anew. */
  async #use(proof: Promise<string>): Promise<string> {
    try {
      return await proof;
    } catch (error) {
      throw error instanceof TooMuchWork ? new Later() : error;
    } finally {
      this.#running = null;
    }
  }

  /** Stop working. */
  end(): void {
    this.#running?.stop();
    this.#running = null;
  }

  #begin(challenge: Challenge, key: string): Running {
    if (this.#running?.key === key) return this.#running;
    this.end();
    const stopping = new AbortController();
    const stop = () => stopping.abort();
    this.#signal.addEventListener('abort', stop);
    const proof = this.#prove(challenge, key, {
      signal: stopping.signal,
      progress: this.#progress,
    }).finally(() => this.#signal.removeEventListener('abort', stop));
    proof.catch(() => undefined); // nobody may wait for it any more
    this.#running = { key, proof, stop };
    return this.#running;
  }
}
