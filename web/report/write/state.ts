/** What the report page holds. It outlives a reload, and other screens: it is kept as a draft. */
import { effect, signal } from '@preact/signals';

import { eraseDraft, handOver, isGone, keepDraft, type KeptDraft, readDrafts } from '../draft.ts';
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
/**
 * Whether what is written is kept on the phone. `partly`: without its files. `gone`: another page has
 * sent or erased it, so it is not kept from here any more.
 */
export const kept = signal<'nothing' | 'kept' | 'partly' | 'not' | 'gone'>('nothing');

/** When a draft was last changed that was not kept yet. */
const NEVER = 0;

interface Content {
  readonly words: Form;
  readonly files: readonly File[];
  /** When it was last changed, in milliseconds since 1970. */
  readonly at: number;
}

let id = randomUuid();
/** What the draft has as far as this page knows; null while it has none. */
let known: Content | null = null;
/** Grows with each report that is shown: what was to be kept of another one is not kept of this. */
let shown = 0;
/** Grows with each report that is asked for: one that is read slowly does not come after the next. */
let asked = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let keeping: Promise<void> = Promise.resolve();

export function change(part: Partial<Form>): void {
  form.value = { ...form.value, ...part };
}

/** Begin a report. What was begun before stays a draft. */
export async function beginForm(category: string, bulletin: Subject | null): Promise<void> {
  await next(async () => fresh(emptyForm(category, bulletin)));
}

/** Go on with a draft. Return whether it was there. */
export function openDraft(wanted: string): Promise<boolean> {
  return next(async () => (await readDrafts()).find((one) => one.id === wanted));
}

/** Leave what is written to its draft: whoever erases that finds nothing of it here. */
export async function leaveForm(): Promise<void> {
  await next(async () => fresh());
}

/** Begin with a report that was refused, to correct it. */
export async function correct(
  words: Form,
  files: readonly File[],
  problems: readonly Refusal[],
): Promise<void> {
  await next(async () => ({ ...fresh(words), files }));
  refusals.value = problems;
  await keepNow();
}

/** Forget everything that was written, on the phone too. Return whether it is gone. */
export async function clearForm(): Promise<boolean> {
  const erased = id;
  asked += 1;
  clearTimeout(timer);
  await keeping;
  show(fresh());
  return eraseDraft(erased);
}

/**
 * Give what is written to the outbox: `take` does. It is no draft any more then; what somebody writes
 * meanwhile becomes one of its own.
 */
export async function sendForm<T>(
  take: (words: Form, files: readonly File[]) => Promise<T>,
): Promise<T> {
  const sent = id;
  await keepNow();
  const { words, files } = written();
  const taken = await handOver(sent, () => take(words, files));
  if (id !== sent) return taken;
  if (isSame({ words, files }, written())) {
    show(fresh());
  } else {
    [id, known] = [randomUuid(), null];
    await keepNow();
  }
  return taken;
}

/** Return whether another page has sent or erased what is shown here. */
export async function isGoneElsewhere(): Promise<boolean> {
  await keeping;
  if (known && (await isGone(id))) kept.value = 'gone';
  return kept.value === 'gone';
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
    // Whoever looks at a draft does not change it.
    if (isKnown()) return;
    if (kept.peek() !== 'gone') kept.value = 'nothing';
    // A file at once: it is what costs most to get again.
    timer = setTimeout(() => void keepNow(), isTyped ? PAUSE_MS : 0);
  });
  whenHidden(() => void keepNow({ isLast: true }));
}

/** Keep what is written now. `isLast`: the page may be gone before it could compare anything. */
function keepNow({ isLast = false } = {}): Promise<void> {
  clearTimeout(timer);
  if (isKnown()) return keeping;
  const mine = shown;
  keeping = keeping.then(async () => {
    // It was sent or erased while this waited, or kept by an earlier one.
    if (mine === shown && !isKnown()) await keep(isLast);
  });
  return keeping;
}

/** Keep it as a draft. An empty form is none. */
async function keep(isLast: boolean): Promise<void> {
  const mine = shown;
  const { words, files } = written();
  if (!isBegun(words, files.length)) {
    if (known) await eraseDraft(id);
    known = null;
    return;
  }
  const at = Date.now();
  const draft = { id, form: words, files, at };
  const became = await keepDraft(draft, isLast ? undefined : (known?.at ?? null));
  if (mine !== shown) return;
  if (became === 'other') {
    // Neither page's words are lost: from here on these are a draft of their own.
    [id, known] = [randomUuid(), null];
    return keep(isLast);
  }
  if (became === 'kept') known = { words, files, at };
  if (isSame({ words, files }, written())) kept.value = became;
}

function written(): Pick<Content, 'words' | 'files'> {
  return { words: form.value, files: chosen.all.value.map(({ file }) => file) };
}

function isKnown(): boolean {
  return known !== null && isSame(known, written());
}

function isSame(one: Pick<Content, 'words' | 'files'>, other: typeof one): boolean {
  const { words, files } = other;
  const areSame = one.files.length === files.length && one.files.every((file, n) => file === files[n]);
  return areSame && one.words === words;
}

/** Show another report, which `read` returns. What was shown is kept first. */
async function next(read: () => Promise<KeptDraft | undefined>): Promise<boolean> {
  asked += 1;
  const mine = asked;
  await keepNow();
  const draft = await read();
  if (draft && mine === asked) show(draft);
  return draft !== undefined;
}

function fresh(words = emptyForm()): KeptDraft {
  return { id: randomUuid(), form: words, files: [], at: NEVER };
}

function show(draft: KeptDraft): void {
  const { form: words, files, at } = draft;
  shown += 1;
  id = draft.id;
  known = at === NEVER ? null : { words, files, at };
  refusals.value = [];
  kept.value = 'nothing';
  form.value = words;
  chosen.clear();
  chosen.add(files);
  clearTimeout(timer);
}
