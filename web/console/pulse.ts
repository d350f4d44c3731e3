/** The pulse of the officer's scope: the only thing that the console asks for by itself. */

import { signal } from '@preact/signals';

import type { Api, Pulse } from './types.ts';

// Something happens while less than this has passed since a change, or a step of the officer.
const ACTIVE_MS = 60_000;
const ACTIVE_EVERY_MS = 8_000;
const QUIET_EVERY_MS = 30_000;
// After a step, the service needs about a second until a pulse shows it.
const AFTER_STEP_MS = 2_000;

export class PulseWatch {
  readonly pulse = signal<Pulse | null>(null);
  readonly failing = signal(false);
  /** How many critical reports came, which nobody has acknowledged, since the list was in sight. */
  readonly fresh = signal(0);

  /** The report that is open, so that others who have it open see it. */
  private lookingAt: string | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asking = false;
  private activeUntil = 0;

  /** `allowed` says whether somebody is there to see it: signed in, and not locked. */
  constructor(
    private readonly api: Api,
    private readonly allowed: () => boolean,
  ) {}

  /**
   * Ask now and whenever the page is looked at, and meanwhile every few seconds while something
   * happens, more rarely otherwise. Returns what ends it.
   */
  start(): () => void {
    const shown = () => {
      if (document.visibilityState === 'visible') void this.ask();
    };
    document.addEventListener('visibilitychange', shown);
    addEventListener('focus', shown);
    this.act();
    void this.ask();
    return () => {
      document.removeEventListener('visibilitychange', shown);
      removeEventListener('focus', shown);
      clearTimeout(this.timer);
    };
  }

  /** Say that this report is open, or that none is any more. */
  look(id: string | null): void {
    this.lookingAt = id;
    this.take(this.pulse.value, null);
    if (id === null) return;
    this.act();
    void this.ask();
  }

  /** Ask soon, after a step of the officer. */
  stepped(): void {
    this.act();
    this.askIn(AFTER_STEP_MS);
  }

  private act(): void {
    this.activeUntil = Date.now() + ACTIVE_MS;
  }

  private askIn(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.ask();
    }, ms);
  }

  private async ask(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    clearTimeout(this.timer);
    this.timer = undefined;
    if (document.visibilityState === 'visible' && this.allowed()) await this.read();
    this.asking = false;
    // A step meanwhile has set its own time.
    if (this.timer === undefined) this.askIn(this.pause());
  }

  private pause(): number {
    const isActive = Date.now() < this.activeUntil && !this.failing.value;
    return isActive ? ACTIVE_EVERY_MS : QUIET_EVERY_MS;
  }

  private async read(): Promise<void> {
    const id = this.lookingAt;
    const before = this.pulse.value?.mark;
    try {
      const { data } = await this.api.GET('/v1/officer/pulse', {
        params: { query: { ...(id !== null && { looking_at: id }) } },
      });
      this.failing.value = data === undefined;
      if (data !== undefined && data.mark !== before) this.act();
      this.take(data ?? null, id);
    } catch {
      this.failing.value = true;
    }
  }

  /** Who has a report open is shown with that report alone. */
  private take(pulse: Pulse | null, id: string | null): void {
    if (pulse === null) return;
    const fits = id !== null && id === this.lookingAt;
    this.pulse.value = fits ? pulse : { ...pulse, also_looking: [] };
  }
}

/** Return how many fresh critical reports there are, of which there were and are so many in all. */
export function freshOf(fresh: number, before: number, now: number): number {
  return Math.min(now, fresh + Math.max(0, now - before));
}
