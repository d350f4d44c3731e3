/**
 * What a person writes to the officers of a report, until it is sent: in the field again after a
 * reload, or when the report is opened again. It is known by the report's id, never by its receipt.
 */
import { signal } from '@preact/signals';

import { eraseTexts, keepText, type KeptText, readTexts, TEXT } from './draft.ts';
import { PAUSE_MS, whenHidden } from './hidden.ts';
import type { TextFor } from './outbox/types.ts';

const begun = signal<readonly KeptText[]>([]);
/** The ids of those whose latest words are not kept yet. */
const unkept = new Set<string>();

let timer: ReturnType<typeof setTimeout> | undefined;
let listening = false;

/** Return the begun texts that have words, the oldest first. */
export function begunTexts(): readonly KeptText[] {
  return begun.value.filter(({ text }) => text.trim() !== '');
}

/** Return what a text of a report is kept by; without `to`, how all of them begin. */
export function textId(report: string, to: TextFor | '' = ''): string {
  return `${TEXT}${report}:${to}`;
}

/** Return the report that a begun text is for. */
export function reportOf({ id }: KeptText): string {
  return id.slice(TEXT.length).split(':')[0] ?? '';
}

/** Return the words of a text as they were left. */
export function wordsOf(id: string): string {
  return begun.value.find((one) => one.id === id)?.text ?? '';
}

/** Keep the words of a text, soon. */
export function write(id: string, text: string): void {
  listen();
  begun.value = [...begun.value.filter((one) => one.id !== id), { id, text, at: Date.now() }];
  unkept.add(id);
  clearTimeout(timer);
  timer = setTimeout(keepNow, PAUSE_MS);
}

/** Read what was kept. */
export async function loadTexts(): Promise<void> {
  keepNow();
  const known = begun.value;
  const kept = await readTexts();
  // Whoever has written meanwhile has newer words.
  if (begun.value !== known) return loadTexts();
  begun.value = kept;
}

/** Forget the texts whose ids begin so, on the phone too: they are sent, or not wanted. */
export async function forgetTexts(start: string = TEXT): Promise<void> {
  for (const id of [...unkept]) if (id.startsWith(start)) unkept.delete(id);
  begun.value = begun.value.filter(({ id }) => !id.startsWith(start));
  await eraseTexts(start);
}

function keepNow(): void {
  clearTimeout(timer);
  for (const id of unkept) {
    const one = begun.value.find((text) => text.id === id);
    void (one?.text.trim() ? keepText(one) : eraseTexts(id));
  }
  unkept.clear();
}

function listen(): void {
  if (listening) return;
  listening = true;
  whenHidden(keepNow);
}
