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
