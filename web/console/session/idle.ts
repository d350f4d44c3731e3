/** When an idle screen warns and locks. It reads the time that is passed in, and no other. */

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
