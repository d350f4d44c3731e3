/** What the report page holds. It outlives a reload, and other screens: it is kept as a draft. */
import { effect, signal } from '@preact/signals';

import { eraseDraft, keepDraft, readDrafts } from '../draft.ts';
import { emptyForm, type Form, isBegun, type Subject } from '../form.ts';
import { PAUSE_MS, whenHidden } from '../hidden.ts';
import { randomUuid } from '../outbox/uuid.ts';
import { chosenFiles } from './chosen.ts';

/** A field that was refused, by the API's name or ours, and why. */
export interface Refusal {
  readonly field: string;
  readonly text: string;
}

export const form = signal<Form>(emptyForm());
export const chosen = chosenFiles();
/** What the API found wrong with the report when it was sent. */
export const refusals = signal<readonly Refusal[]>([]);
/** Whether what is written is kept on the phone. `partly`: without its files. */
export const kept = signal<'nothing' | 'kept' | 'partly' | 'not'>('nothing');

interface Content {
  readonly words: Form;
  readonly files: readonly File[];
  /** When it was last changed, in milliseconds since 1970. */
  readonly at: number;
}

let id = randomUuid();
/** What the draft has, as far as this page knows. */
let known: Content = { words: form.value, files: [], at: Date.now() };
let timer: ReturnType<typeof setTimeout> | undefined;
let keeping: Promise<void> = Promise.resolve();

export function change(part: Partial<Form>): void {
  form.value = { ...form.value, ...part };
}

/** Begin a report. What was begun before stays a draft. */
export async function beginForm(category: string, bulletin: Subject | null): Promise<void> {
  await put(randomUuid(), emptyForm(category, bulletin), []);
}

/** Go on with a draft. Return whether it was there. */
export async function openDraft(wanted: string): Promise<boolean> {
  keepNow();
  await keeping;
  const draft = (await readDrafts()).find((one) => one.id === wanted);
  if (draft) await put(draft.id, draft.form, draft.files, draft.at);
  return draft !== undefined;
}

/** Leave what is written to its draft: whoever erases that finds nothing of it here. */
export async function leaveForm(): Promise<void> {
  const left = id;
  keepNow();
  await keeping;
  if (id === left) show(randomUuid(), emptyForm(), []);
}

/** Begin with a report that was refused, to correct it. */
export async function correct(
  next: Form,
  files: readonly File[],
  problems: readonly Refusal[],
): Promise<void> {
  await put(randomUuid(), next, files);
  refusals.value = problems;
  keepNow();
  await keeping;
}

/** Forget everything that was written, on the phone too. */
export async function clearForm(): Promise<void> {
  const erased = id;
  clearTimeout(timer);
  await keeping;
  show(randomUuid(), emptyForm(), []);
  await eraseDraft(erased);
}

/** Keep what is written whenever it changes, and at once when the page is hidden. Call it once. */
export function keepForm(): void {
  let files = chosen.all.value;
  effect(() => {
    // Read both, so that a change of either is followed.
    void form.value;
    const isTyped = files === chosen.all.value;
    files = chosen.all.value;
    clearTimeout(timer);
    kept.value = 'nothing';
    // A file at once: it is what costs most to get again.
    timer = setTimeout(keepNow, isTyped ? PAUSE_MS : 0);
  });
  whenHidden(keepNow);
}

/** Keep what is written now; an empty form is no draft. */
function keepNow(): void {
  clearTimeout(timer);
  const [row, words, files] = [id, form.value, chosen.all.value.map(({ file }) => file)];
  // Whoever looks at a draft does not change it.
  if (!isKnown(words, files)) known = { words, files, at: Date.now() };
  const { at } = known;
  keeping = keeping.then(async () => {
    // It was sent or erased while this waited.
    if (row !== id) return;
    if (!isBegun(words, files.length)) {
      await eraseDraft(row);
      return;
    }
    const whole = await keepDraft({ id: row, form: words, files, at });
    if (form.value !== words) return;
    kept.value = whole ? 'kept' : files.length > 0 ? 'partly' : 'not';
  });
}

function isKnown(words: Form, files: readonly File[]): boolean {
  const isSame = files.length === known.files.length && files.every((one, n) => one === known.files[n]);
  return isSame && words === known.words;
}

/** Show another report. What was shown is kept first. */
async function put(
  next: string,
  words: Form,
  files: readonly File[],
  at = Date.now(),
): Promise<void> {
  keepNow();
  await keeping;
  show(next, words, files, at);
}

function show(next: string, words: Form, files: readonly File[], at = Date.now()): void {
  id = next;
  known = { words, files, at };
  refusals.value = [];
  kept.value = 'nothing';
  form.value = words;
  chosen.clear();
  chosen.add(files);
  // What was just read is kept already.
  clearTimeout(timer);
}
