/** A sound for critical reports, made by the browser itself: off until the officer wants it. */

import { signal } from '@preact/signals';

export class Sound {
  readonly on = signal(false);

  private context: AudioContext | null = null;

  /** Switch it on or off. Switched on it is heard once, so that the officer knows it. */
  async toggle(): Promise<void> {
    this.on.value = !this.on.value;
    if (!this.on.value) return;
    this.context ??= new AudioContext();
    await this.context.resume();
    this.play();
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
