import type { Clock } from '../clock.ts';

/** A clock that moves only when a test moves it. */
export class FakeClock implements Clock {
  #now = Date.parse('2026-11-26T10:00:00Z');
  #timers: { readonly at: number; readonly run: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    this.#timers.push({ at: this.#now + ms, run });
    return () => {
      this.#timers = this.#timers.filter((timer) => timer.run !== run);
    };
  }

  /** Move by so many milliseconds, and run what is due then. */
  advance(ms: number): void {
    this.#now += ms;
    for (const timer of this.#timers.filter(({ at }) => at <= this.#now)) {
      this.#timers = this.#timers.filter((other) => other !== timer);
      timer.run();
    }
  }

  /** Put it right by so many milliseconds: timers run on as they would have. */
  setBack(ms: number): void {
    this.#now -= ms;
    this.#timers = this.#timers.map(({ at, run }) => ({ at: at - ms, run }));
  }

  /** Move to the next timer. Return the milliseconds that passed; undefined if none runs. */
  skip(): number | undefined {
    if (!this.#timers.length) return undefined;
    const passed = Math.max(0, Math.min(...this.#timers.map(({ at }) => at)) - this.#now);
    this.advance(passed);
    return passed;
  }
}
