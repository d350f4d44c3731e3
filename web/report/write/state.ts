/** What the report page holds. It outlives the page's screen, and a reload: it is kept as a draft. */
import { effect, signal } from '@preact/signals';

import { eraseDraft, keepDraft, readDraft } from '../draft.ts';
import { emptyForm, type Form, isBegun, type Subject } from '../form.ts';
import type { Draft } from '../outbox/types.ts';
import { chosenFiles } from './chosen.ts';

/** A field that was refused, by the API's name or ours, and why. */
export interface Refusal {
  readonly field: string;
  readonly text: string;
}

const PAUSE_MS = 400;

export const form = signal<Form>(emptyForm());
export const chosen = chosenFiles();
/** What the API found wrong with the report when it was sent. */
export const refusals = signal<readonly Refusal[]>([]);
/** Whether what is written is kept on the phone. `partly`: without its files. */
export const kept = signal<'nothing' | 'kept' | 'partly' | 'not'>('nothing');

let restored = false;
let timer: ReturnType<typeof setTimeout> | undefined;
let keeping: Promise<void> = Promise.resolve();

export function change(part: Partial<Form>): void {
  form.value = { ...form.value, ...part };
}

/** Open the page: with what was kept if it is about the same, else with an empty form. */
export async function openForm(category: string, bulletin: Subject | null): Promise<void> {
  if (!restored) {
    restored = true;
    const draft = await readDraft();
    if (draft && !isBegun(form.value, chosen.all.value.length)) {
      form.value = draft.form;
      chosen.add(draft.files);
    }
  }
  const begun = isBegun(form.value, chosen.all.value.length);
  if (!begun) form.value = emptyForm(category, bulletin);
  else {
    change({
      ...(category ? { category } : {}),
      ...(bulletin ? { bulletin } : {}),
    });
  }
}

/** Begin anew with a report that was refused, to correct it. */
export function correct(next: Form, draft: Draft, problems: readonly Refusal[]): void {
  restored = true;
  form.value = next;
  chosen.clear();
  chosen.add(draft.files);
  refusals.value = problems;
}

/** Forget everything that was written, on the phone too. */
export async function clearForm(): Promise<void> {
  clearTimeout(timer);
  form.value = emptyForm();
  chosen.clear();
  refusals.value = [];
  kept.value = 'nothing';
  clearTimeout(timer);
  await keeping;
  await eraseDraft();
}

/** Keep what is written whenever it changes, and at once when the page is hidden. Call it once. */
export function keepForm(): void {
  let files = chosen.all.value;
  effect(() => {
    // Read both, so that a change of either is followed.
    const begun = isBegun(form.value, chosen.all.value.length);
    const isTyped = files === chosen.all.value;
    files = chosen.all.value;
    clearTimeout(timer);
    kept.value = 'nothing';
    // A file at once: it is what costs most to get again.
    if (begun) timer = setTimeout(keepNow, isTyped ? PAUSE_MS : 0);
  });
  addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') keepNow();
  });
  addEventListener('pagehide', keepNow);
}

function keepNow(): void {
  clearTimeout(timer);
  const [words, files] = [form.value, chosen.all.value.map(({ file }) => file)];
  if (!isBegun(words, files.length)) return;
  keeping = keeping.then(async () => {
    // It was sent or erased while this waited.
    if (form.value !== words) return;
    const whole = await keepDraft({ form: words, files });
    if (form.value !== words) return;
    kept.value = whole ? 'kept' : files.length > 0 ? 'partly' : 'not';
  });
}
