/**
 * What sends reports, without screens, for tests that drive it in a browser: they import it, and
 * then have it as `engine`.
 */

import { cut } from '../metadata/cut.ts';
import { openOutbox } from '../outbox/outbox.ts';
import type { Entry, Outbox, ReportBody } from '../outbox/types.ts';

const PATIENCE_MS = 120_000;

class Engine {
  #outbox: Outbox | null = null;

  async open(): Promise<void> {
    this.#outbox = await openOutbox({ language: () => 'en' });
  }

  /** Report with the files that an input of this page has, if it has one. */
  async report(report: ReportBody): Promise<void> {
    const files = [...(document.querySelector('input')?.files ?? [])];
    await this.#opened.add({ report, files, keep: { place: false, time: false } });
  }

  entries(): readonly Entry[] {
    return this.#opened.entries.value;
  }

  /** Wait until this share of the first file has left, from 0 to 1. */
  async whenShare(share: number): Promise<void> {
    await this.#when(([entry]) => {
      const file = entry?.files[0];
      return file !== undefined && file.sent >= file.size * share;
    });
  }

  async whenAll(state: Entry['state']): Promise<void> {
    await this.#when((entries) => entries.every((entry) => entry.state === state));
  }

  async confirm(): Promise<void> {
    for (const { id } of this.entries()) await this.#opened.confirmReceipt(id);
  }

  /** Return the SHA-256 of a file as it would be sent. */
  async digest(): Promise<string> {
    const [file] = document.querySelector('input')?.files ?? [];
    if (!file) return '';
    const { blob } = await cut(file, { place: false, time: false });
    const digest = await crypto.subtle.digest('SHA-256', await blob.arrayBuffer());
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  }

  #when(holds: (entries: readonly Entry[]) => boolean): Promise<void> {
    const entries = this.#opened.entries;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('not in time')), PATIENCE_MS);
      const end = entries.subscribe((now) => {
        if (!holds(now)) return;
        clearTimeout(timer);
        queueMicrotask(() => end());
        resolve();
      });
    });
  }

  get #opened(): Outbox {
    if (!this.#outbox) throw new Error('not opened');
    return this.#outbox;
  }
}

Object.assign(globalThis, { engine: new Engine() });
