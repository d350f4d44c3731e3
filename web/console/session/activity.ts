/** Feed an idle clock with what a person does on this page, and look at it once a second. */

import { signal } from '@preact/signals';

import { IdleClock, type Phase } from './idle.ts';

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
