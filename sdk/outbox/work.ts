/** What a step that sends has at hand. */

import type { Kept, Slot } from './kept.ts';
import type { SendingLimits } from './limits.ts';
import type { Network } from './network.ts';
import type { Prove } from './proofs.ts';

/** What happens at the moment with an entry. It is shown, and not kept. */
export interface Moment {
  readonly state?: 'proving' | 'sending';
  readonly proof?: number;
  /** The file on its way, and its bytes that have left. */
  readonly file?: { readonly place: number; readonly sent: number };
}

/** The entry was erased while it was sent, or the page is closing. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

export interface Work {
  readonly network: Network;
  readonly limits: SendingLimits;
  readonly prove: Prove;
  /** Stops when the entry is erased. */
  readonly signal: AbortSignal;
  /** Return the entry as it is kept now. Throws Stopped. */
  entry(): Kept;
  /** Keep a change of it. Throws Stopped. */
  save(change: (kept: Kept) => Kept): Promise<Kept>;
  /** Keep, before the call, that the text leaves the phone: without a response nobody knows more. */
  noteAttempt(): Promise<void>;
  show(moment: Moment): void;
  /** Something has gone forward. */
  moved(): void;
  file(slot: Slot): Promise<Blob | undefined>;
}

/**
 * Runs a job, and once more if it is asked for meanwhile: however often it is asked for, it never
 * runs twice at a time.
 */
export class Lane {
  readonly #job: () => Promise<void>;
  #running: Promise<void> | null = null;
  #again = false;

  constructor(job: () => Promise<void>) {
    this.#job = job;
  }

  run(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#loop();
    return this.#running;
  }

  /** What runs now. */
  get running(): Promise<void> | null {
    return this.#running;
  }

  async #loop(): Promise<void> {
    try {
      while (this.#again) {
        this.#again = false;
        await this.#job();
      }
    } finally {
      this.#running = null;
    }
  }
}
