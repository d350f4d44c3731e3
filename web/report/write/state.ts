/** What the report page holds. It outlives a reload, and other screens: it is kept as a draft. */
import { effect, signal } from '@preact/signals';

import {
  eraseDraft,
  handOver,
  isGone,
  keepDraft,
  keepLastWords,
  type KeptDraft,
  readDrafts,
} from '../draft.ts';
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
  return next(async () => {
    const draft = (await readDrafts()).find((one) => one.id === wanted);
    // One of an older page may lack what is new.
    return draft && { ...draft, form: { ...emptyForm(), ...draft.form } };
  });
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
 * meanwhile becomes one of its own. Return null, and give nothing, when another page has sent or erased
 * it and the person is not asked yet (`isSure`).
 */
export async function sendForm<T>(
  isSure: boolean,
  take: (words: Form, files: readonly File[]) => Promise<T>,
): Promise<T | null> {
  // What is shown now, whatever is shown when the outbox has taken it.
  const [sent, content] = [id, written()];
  const mayBeGone = !isSure && known !== null;
  void keepNow();
  const taken = await handOver(sent, async () => {
    if (mayBeGone && (await isGone(sent))) return null;
    const given = await take(content.words, content.files);
    await keeping;
    if (id === sent) letGo(content);
    return given;
  });
  if (taken === null && id === sent) kept.value = 'gone';
  await keepNow();
  return taken;
}

/** Show nothing of what was sent; what was written since is another report. */
function letGo(content: ReturnType<typeof written>): void {
  if (isSame(content, written())) show(fresh());
  else [id, known] = [randomUuid(), null];
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
  whenHidden(keepLast);
}

/** Keep what is written now. `at`: when that was last changed. */
function keepNow(at = Date.now()): Promise<void> {
  clearTimeout(timer);
  if (isKnown()) return keeping;
  const mine = shown;
  keeping = keeping.then(async () => {
    // It was sent or erased while this waited, or kept by an earlier one.
    if (mine === shown && !isKnown()) await keep(at);
  });
  return keeping;
}

/** The same of a page that may be gone before it could compare anything. */
function keepLast(): void {
  if (isKnown()) return;
  const { words, files } = written();
  const at = Date.now();
  if (isBegun(words, files.length)) {
    void keepLastWords({ id, form: words, files, at }, known?.at ?? null);
  }
  void keepNow(at);
}

/** Keep it as a draft. An empty form is none. */
async function keep(at: number): Promise<void> {
  const mine = shown;
  const { words, files } = written();
  if (!isBegun(words, files.length)) {
    const before = known;
    const emptied = id;
    // Another page may have written on in it: that stays.
    [id, known] = [randomUuid(), null];
    if (before) await eraseDraft(emptied, before.at);
    return;
  }
  const became = await keepDraft({ id, form: words, files, at }, known?.at ?? null);
  if (mine !== shown) return;
  if (became === 'other') {
    // Neither page's words are lost: from here on these are a draft of their own.
    [id, known] = [randomUuid(), null];
    return keep(at);
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
