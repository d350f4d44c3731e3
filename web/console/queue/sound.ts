/** A sound for critical reports, made by the browser itself: off until the officer wants it. After a
 * reload it is off, and says so, until the first click: before it the browser lets nothing be heard.
 */

import { signal } from '@preact/signals';

// For this tab alone: on the next one somebody else may sit.
const WANTED = 'sound';

export class Sound {
  readonly on = signal(false);

  private context: AudioContext | null = null;

  constructor() {
    const wake = () => {
      if (sessionStorage.getItem(WANTED) === null || this.on.value) return;
      this.on.value = true;
      void this.open();
    };
    addEventListener('click', wake, { once: true });
  }

  /** Switch it on or off. Switched on it is heard once, so that the officer knows it. */
  async toggle(): Promise<void> {
    this.on.value = !this.on.value;
    if (!this.on.value) return sessionStorage.removeItem(WANTED);
    sessionStorage.setItem(WANTED, 'on');
    await this.open();
    this.play();
  }

  private async open(): Promise<void> {
    this.context ??= new AudioContext();
    await this.context.resume();
  }

  /** Play two tones, if it is on. */
  play(): void {
    if (!this.on.value || this.context === null) return;
    const start = this.context.currentTime;
    tone(this.context, 880, start);
    tone(this.context, 660, start + 0.22);
  }
}

function tone(context: AudioContext, pitch: number, at: number): void {
  const oscillator = context.createOscillator();
  const volume = context.createGain();
  oscillator.frequency.value = pitch;
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(0.25, at + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, at + 0.2);
  oscillator.connect(volume).connect(context.destination);
  oscillator.start(at);
  oscillator.stop(at + 0.2);
}
