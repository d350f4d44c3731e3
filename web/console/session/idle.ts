/** When an idle screen warns and locks. It reads the time that is passed in, and no other. */

import { signal } from '@preact/signals';

export type Phase = 'active' | 'warning' | 'locked';

export const LOCK_AFTER_MS = 15 * 60_000;
export const WARN_AFTER_MS = 13 * 60_000;

export class IdleClock {
  private last: number;
  private locked = false;

  /** Begin at `now`, in milliseconds of any clock that also runs while the machine sleeps. */
  constructor(now: number) {
    this.last = now;
  }

  /** Take note of what a person did. A locked screen stays locked, however late it is noticed. */
  touch(now: number): void {
    if (this.phase(now) !== 'locked') this.last = now;
  }

  /** Return the phase at `now`. */
  phase(now: number): Phase {
    const idle = now - this.last;
    if (this.locked || idle >= LOCK_AFTER_MS) {
      this.locked = true;
      return 'locked';
    }
    return idle >= WARN_AFTER_MS ? 'warning' : 'active';
  }

  /** Return the seconds until it locks, at least 0. */
  secondsLeft(now: number): number {
    return Math.max(0, Math.ceil((this.last + LOCK_AFTER_MS - now) / 1000));
  }

  /** Lock at once. */
  lock(): void {
    this.locked = true;
  }

  /** Begin anew, after the officer has signed in again. */
  unlock(now: number): void {
    this.locked = false;
    this.last = now;
  }
}

/** Feed an idle clock with what a person does on this page, and look at it once a second. */
const SIGNS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const;
const LOOK_MS = 1000;

export class Activity {
  readonly phase = signal<Phase>('active');
  readonly secondsLeft = signal(0);

  private readonly clock = new IdleClock(Date.now());

  /** Begin to watch. Calls `lock` once when the screen locks. Returns a function that ends it. */
  start(lock: () => void): () => void {
    const done = () => {
      this.clock.touch(Date.now());
      this.look(lock);
    };
    const look = () => this.look(lock);
    for (const sign of SIGNS) addEventListener(sign, done, { capture: true, passive: true });
    // Timers stop while the machine sleeps, so look as soon as somebody is back.
    document.addEventListener('visibilitychange', look);
    const timer = setInterval(look, LOOK_MS);
    return () => {
      for (const sign of SIGNS) removeEventListener(sign, done, { capture: true });
      document.removeEventListener('visibilitychange', look);
      clearInterval(timer);
    };
  }

  /** Lock at once. */
  lock(): void {
    this.clock.lock();
    this.phase.value = 'locked';
  }

  /** Begin anew. */
  unlock(): void {
    this.clock.unlock(Date.now());
    this.phase.value = 'active';
  }

  private look(lock: () => void): void {
    const now = Date.now();
    const before = this.phase.value;
    const phase = this.clock.phase(now);
    if (phase === 'warning') this.secondsLeft.value = this.clock.secondsLeft(now);
    this.phase.value = phase;
    if (phase === 'locked' && before !== 'locked') lock();
  }
}
