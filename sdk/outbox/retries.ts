/** When what failed is tried again. */

import type { Clock } from './clock.ts';

const FIRST_PAUSE_MS = 1_000;
/** Since half of a pause is random. */
export const SHORTEST_PAUSE_MS = FIRST_PAUSE_MS / 2;
const LONGEST_PAUSE_MS = 60_000;

interface Pause {
  readonly attempts: number;
  readonly until: number;
  readonly ms: number;
  /** The service has said how long. */
  readonly asked: boolean;
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
    return (this.dueAt(name) ?? 0) <= this.#clock.now();
  }

  /** Return when it is due, if it has failed. */
  dueAt(name: string): number | undefined {
    const pause = this.#pauses.get(name);
    if (!pause) return undefined;
    const now = this.#clock.now();
    // Farther away than it ever was: the phone's clock was wrong, and has been put back.
    return pause.until - now > pause.ms ? now : pause.until;
  }

  /** `afterMs`: how long the service asks to wait; 0 if it does not say. */
  failed(name: string, afterMs: number): void {
    const attempts = this.#pauses.get(name)?.attempts ?? 0;
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempts);
    const pause = Math.max(afterMs, longest * (0.5 + this.#random() / 2));
    const until = this.#clock.now() + pause;
    this.#pauses.set(name, { attempts: attempts + 1, until, ms: pause, asked: afterMs > 0 });
  }

  /** Something has gone forward: the next pause is short again. */
  moved(name: string): void {
    this.#pauses.delete(name);
  }

  /** The network may be back, or the person asks for it: what nobody has put off goes at once. */
  hurry(): void {
    for (const [name, pause] of this.#pauses) if (!pause.asked) this.#pauses.delete(name);
  }

  /** Return the earliest time at which one of these that has failed is due. */
  next(names: readonly string[]): number | undefined {
    const times = names.map((name) => this.dueAt(name)).filter((time) => time !== undefined);
    return times.length ? Math.min(...times) : undefined;
  }
}
