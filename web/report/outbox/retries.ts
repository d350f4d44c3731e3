/** When what failed is tried again. */

import type { Clock } from './clock.ts';
import type { Later } from './network.ts';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

interface Pause {
  readonly attempts: number;
  readonly until: number;
  /** There was no response: it may go at once when the network is back. */
  readonly network: boolean;
}

/**
 * Pauses that get longer with each attempt, with a random part: else a thousand phones come back at
 * the same time. What is tried has a name.
 */
export class Retries {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #pauses = new Map<string, Pause>();

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  isDue(name: string): boolean {
    return (this.#pauses.get(name)?.until ?? 0) <= this.#clock.now();
  }

  /** Return when it is due, if it has failed. */
  dueAt(name: string): number | undefined {
    return this.#pauses.get(name)?.until;
  }

  failed(name: string, { afterMs, network }: Pick<Later, 'afterMs' | 'network'>): void {
    const attempts = this.#pauses.get(name)?.attempts ?? 0;
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempts);
    const pause = Math.max(afterMs, longest * (0.5 + this.#random() / 2));
    this.#pauses.set(name, { attempts: attempts + 1, until: this.#clock.now() + pause, network });
  }

  /** Something has gone forward: the next pause is short again. */
  moved(name: string): void {
    this.#pauses.delete(name);
  }

  /** The network may be back, or the person looks: what had no response may go at once. */
  hurry(): void {
    for (const [name, pause] of this.#pauses) if (pause.network) this.#pauses.delete(name);
  }

  /** Return the earliest time that is still to come at which one of these is due. */
  next(names: readonly string[]): number | undefined {
    const times = names.map((name) => this.dueAt(name)).filter((time) => time !== undefined);
    return times.length ? Math.min(...times) : undefined;
  }
}
