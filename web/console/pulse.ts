/** The pulse of the officer's scope: the only thing that the console asks for by itself. */

import { signal } from '@preact/signals';

import type { Api, Pulse } from './types.ts';

const EVERY_MS = 8_000;
const AFTER_FAULT_MS = 30_000;

export class PulseWatch {
  readonly pulse = signal<Pulse | null>(null);
  readonly failing = signal(false);

  /** The report that is open, so that others who have it open see it. */
  private lookingAt: string | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asking = false;

  /** `allowed` says whether somebody is there to see it: signed in, and not locked. */
  constructor(
    private readonly api: Api,
    private readonly allowed: () => boolean,
  ) {}

  /** Ask now, and then every few seconds while the page is visible. Returns what ends it. */
  start(): () => void {
    const shown = () => {
      if (document.visibilityState === 'visible') void this.ask();
    };
    document.addEventListener('visibilitychange', shown);
    void this.ask();
    return () => {
      document.removeEventListener('visibilitychange', shown);
      clearTimeout(this.timer);
    };
  }

  /** Say that this report is open, or that none is any more. */
  look(id: string | null): void {
    this.lookingAt = id;
    this.take(this.pulse.value, null);
    if (id !== null) void this.ask();
  }

  /** Ask at once, after an own step. */
  async ask(): Promise<void> {
    clearTimeout(this.timer);
    if (this.asking) return;
    this.asking = true;
    if (document.visibilityState === 'visible' && this.allowed()) await this.read();
    this.asking = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.ask(), this.failing.value ? AFTER_FAULT_MS : EVERY_MS);
  }

  private async read(): Promise<void> {
    const id = this.lookingAt;
    try {
      const { data } = await this.api.GET('/v1/officer/pulse', {
        params: { query: { ...(id !== null && { looking_at: id }) } },
      });
      this.failing.value = data === undefined;
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
