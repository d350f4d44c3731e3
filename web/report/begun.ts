/**
 * What a person writes to the officers of a report, until it is sent: in the field again after a
 * reload, or when the report is opened again. It is known by the report's id, never by its receipt.
 *
 * Tabs tell each other which texts are sent or erased, never what they say: else another one would
 * still show them, and keep them again with the next letter.
 */
import { signal } from '@preact/signals';

import { eraseTexts, keepText, type KeptText, readTexts, TEXT } from './draft.ts';
import { goesOn, once } from './once.ts';
import type { TextFor } from '../../sdk/outbox/types.ts';
import { beforeLeaving, isLeft } from './put-away.ts';

const begun = signal<readonly KeptText[]>([]);
/** The ids of those whose latest words are not kept yet. */
const unkept = new Set<string>();

/** Which texts are gone: those whose ids begin so, and that are no newer than this. */
interface Gone {
  readonly start: string;
  readonly until: number;
}

let channel: BroadcastChannel | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let listening = false;

/** Return the texts that have words and that the outbox is not taking, the oldest first. */
export function begunTexts(): readonly KeptText[] {
  return begun.value.filter(({ id, text }) => text.trim() !== '' && !goesOn(id));
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
  show({ id, text, at: Date.now() });
  unkept.add(id);
  clearTimeout(timer);
  timer = setTimeout(keepNow, PAUSE_MS);
}

/** Keep the words of a text now. Return whether a reload finds them. */
export async function writeNow(id: string, text: string): Promise<boolean> {
  const now = { id, text, at: Date.now() };
  show(now);
  unkept.delete(id);
  return keepText(now);
}

function show(text: KeptText): void {
  listen();
  begun.value = [...begun.value.filter(({ id }) => id !== text.id), text];
}

/**
 * Give the words of a text to the outbox: `take` does, with what they are. Meanwhile they are not
 * begun, and are given to nobody else; when it fails, they are again. What somebody writes on
 * meanwhile stays.
 */
export function giveWords(id: string, take: () => Promise<unknown>): Promise<void> {
  return once(id, async () => {
    const given = wordsOf(id);
    await take();
    const now = wordsOf(id);
    const more = now.startsWith(given) ? now.slice(given.length) : '';
    if (now === given) await forgetSent(id);
    else if (/^\s/.test(more)) write(id, more.trimStart());
  });
}

/** Read what was kept. */
export async function loadTexts(): Promise<void> {
  listen();
  // A page that was left does that first.
  if (isLeft()) return;
  keepNow();
  const known = begun.value;
  const kept = await readTexts();
  // Whoever has written meanwhile has newer words.
  if (begun.value !== known) return loadTexts();
  begun.value = kept;
}

/** Forget the texts whose ids begin so, on the phone and in other tabs too: they are not wanted. */
export async function forgetTexts(start: string): Promise<boolean> {
  const gone = { start, until: Infinity };
  drop(gone);
  channel?.postMessage(gone);
  return eraseTexts(start);
}

/** Forget a text that is sent. Newer words that another tab has for it stay. */
export async function forgetSent(id: string): Promise<void> {
  const gone = { start: id, until: begun.value.find((one) => one.id === id)?.at ?? Date.now() };
  drop(gone);
  await eraseTexts(id);
  channel?.postMessage(gone);
}

function drop({ start, until }: Gone): void {
  begun.value = begun.value.filter(({ id, at }) => !id.startsWith(start) || at > until);
  const left = new Set(begun.value.map(({ id }) => id));
  for (const id of [...unkept]) if (!left.has(id)) unkept.delete(id);
}

function hear({ data: gone }: MessageEvent<Gone>): void {
  drop(gone);
  // Newer words went from the phone with the older ones.
  for (const { id } of begun.value) if (id.startsWith(gone.start)) unkept.add(id);
  keepNow();
}

function keepNow(): void {
  clearTimeout(timer);
  for (const id of unkept) {
    const one = begun.value.find((text) => text.id === id);
    if (one?.text.trim()) void keepOrTryAgain(one);
    else void eraseTexts(id);
  }
  unkept.clear();
}

async function keepOrTryAgain(one: KeptText): Promise<void> {
  const isKept = await keepText(one);
  if (!isKept && begun.value.includes(one)) unkept.add(one.id);
}

function listen(): void {
  if (listening) return;
  listening = true;
  whenHidden(keepNow);
  beforeLeaving(async () => keepNow());
  if (typeof BroadcastChannel === 'undefined') return;
  channel = new BroadcastChannel('tipline-texts');
  channel.addEventListener('message', hear);
}

/** How soon what is written is kept, when nobody writes on, in milliseconds. */
export const PAUSE_MS = 400;

/** Do something whenever the page is hidden: it may not come back. */
export function whenHidden(act: () => void): void {
  addEventListener('pagehide', act);
  addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') act();
  });
}
