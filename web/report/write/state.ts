/** What the report page holds. It outlives a reload, and other screens: it is kept as a draft. */
import { effect, signal } from '@preact/signals';

import {
  eraseDraft,
  handOver,
  isGone,
  isOurs,
  isWritten,
  keepDraft,
  type Keeping,
  type KeptDraft,
  readDrafts,
} from '../draft.ts';
import { emptyForm, type Form, isBegun, type Subject } from '../form.ts';
import { PAUSE_MS, whenHidden } from '../begun.ts';
import type { Begun, Entry } from '../../../sdk/outbox/types.ts';
import { randomUuid } from '../../../sdk/outbox/uuid.ts';
import { beforeLeaving } from '../put-away.ts';
import { chosenFiles } from './chosen.ts';
import { dropRecording, endRecording, isRecording } from './record.tsx';

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
/** How long whoever writes without a pause may wait until it is kept, in milliseconds. */
const PATIENCE_MS = 2000;

interface Content {
  readonly words: Form;
  readonly files: readonly File[];
}

interface Kept {
  id: string;
  /**
   * When the draft was last changed as it was read, and each time that this page wrote it: another time
   * is another page's. What is being compared meanwhile sees what is added.
   */
  times: number[];
  /** What the draft has as far as this page knows; null while it has not all of anything. */
  known: Content | null;
}

/** What is shown, as a draft. Another one is another report. */
let draft = anew();
/** Grows with each report that is shown: what was to be kept of another one is not kept of this. */
let shown = 0;
/** Grows with each report that is asked for: one that is read slowly does not come after the next. */
let asked = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
/** When what is not kept yet was begun. */
let waitingSince = 0;
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
  const erased = draft;
  dropRecording();
  asked += 1;
  clearTimeout(timer);
  await keeping;
  show(fresh());
  return eraseDraft(erased.id, erased.times);
}

/**
 * Give what is written to the outbox: `take` does. It is no draft any more then; what somebody writes
 * meanwhile becomes one of its own. Return null, and give nothing, when another page has sent or erased
 * it and the person is not asked yet (`isSure`).
 */
export async function sendForm(
  isSure: boolean,
  take: (words: Form, files: readonly File[], begun: Begun) => Promise<Entry>,
): Promise<Entry | null> {
  // What is shown now, whatever is shown when the outbox has taken it.
  const [sent, content] = [draft, written()];
  // Then it is known what of the draft is this page's, and what is another's.
  await keepNow();
  const { id, times } = sent;
  const taken = await handOver(id, times, async (isAlone) => {
    if (!isSure && (!isAlone || (times.length > 0 && (await isGone(id))))) return null;
    const entry = await take(content.words, content.files, { id, times: [...times] });
    await keeping;
    if (draft === sent) letGo(content);
    return entry;
  });
  if (taken === null && draft === sent) kept.value = 'gone';
  await keepNow();
  return taken;
}

/** Show nothing of what was sent; what was written since is another report. */
function letGo(content: Content): void {
  if (isSame(content, written())) show(fresh());
  else draft = anew();
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
    waitingSince ||= Date.now();
    const left = Math.max(0, waitingSince + PATIENCE_MS - Date.now());
    // A file at once: it is what costs most to get again.
    timer = setTimeout(() => void keepNow(), isTyped ? Math.min(PAUSE_MS, left) : 0);
  });
  whenHidden(keepLast);
  beforeLeaving(leaveForm);
}

/** Keep what is written now. */
function keepNow(): Promise<void> {
  clearTimeout(timer);
  waitingSince = 0;
  if (isKnown()) return keeping;
  const mine = shown;
  keeping = keeping.then(async () => {
    // It was sent or erased while this waited, or kept by an earlier one.
    if (mine === shown && !isKnown()) await keep();
  });
  return keeping;
}

/**
 * The same of a page that may be gone before anything could be compared. Unless another page has
 * changed the draft, it is written at once.
 */
function keepLast(): void {
  const { words, files } = written();
  const { id, times } = draft;
  // No other page knows one that was never kept.
  const isSure = times.length === 0 || isOurs(id);
  if (isKnown() || !isSure || !isBegun(words, files.length)) return void keepNow();
  clearTimeout(timer);
  waitingSince = 0;
  const [mine, one] = [shown, draft];
  const became = putDraft(one, { words, files }, { atOnce: true });
  keeping = keeping.then(async () => {
    if (mine === shown && draft === one) await note({ words, files }, await became);
  });
}

/** Keep it as a draft. An empty form is none. */
async function keep(): Promise<void> {
  const [mine, one] = [shown, draft];
  const { words, files } = written();
  if (!isBegun(words, files.length)) {
    // Another page may have written on in it: that stays.
    draft = anew();
    await eraseDraft(one.id, one.times);
    return;
  }
  const became = await putDraft(one, { words, files });
  if (mine === shown && draft === one) await note({ words, files }, became);
}

async function putDraft(
  one: Kept,
  { words, files }: Content,
  how: { readonly atOnce?: boolean } = {},
): Promise<Keeping> {
  const { id, times } = one;
  const at = Date.now();
  const keeps = keepDraft({ id, form: words, files, at }, times, how);
  // What is kept meanwhile knows this as its own.
  times.push(at);
  const became = await keeps;
  if (!isWritten(became)) times.splice(times.lastIndexOf(at), 1);
  return became;
}

/** Take note of what became of what was to be kept. */
async function note(content: Content, became: Keeping): Promise<void> {
  if (became === 'more') return keep();
  if (became === 'other') {
    // Neither page's words are lost: from here on these are a draft of their own.
    Object.assign(draft, anew());
    return keep();
  }
  if (became === 'kept') draft.known = content;
  if (isSame(content, written())) kept.value = became;
}

function anew(): Kept {
  return { id: randomUuid(), times: [], known: null };
}

function written(): Content {
  return { words: form.value, files: chosen.all.value.map(({ file }) => file) };
}

function isKnown(): boolean {
  return draft.known !== null && isSame(draft.known, written());
}

function isSame(one: Content, other: Content): boolean {
  const { words, files } = other;
  const areSame = one.files.length === files.length && one.files.every((file, n) => file === files[n]);
  return areSame && one.words === words;
}

/** Show another report, which `read` returns. What was shown is kept first, a recording with it. */
async function next(read: () => Promise<KeptDraft | undefined>): Promise<boolean> {
  asked += 1;
  const mine = asked;
  if (isRecording()) await endRecording();
  await keepNow();
  const found = await read();
  if (found && mine === asked) show(found);
  return found !== undefined;
}

function fresh(words = emptyForm()): KeptDraft {
  return { id: randomUuid(), form: words, files: [], at: NEVER };
}

function show({ id, form: words, files, at }: KeptDraft): void {
  shown += 1;
  draft = at === NEVER ? { ...anew(), id } : { id, times: [at], known: { words, files } };
  waitingSince = 0;
  refusals.value = [];
  kept.value = 'nothing';
  form.value = words;
  chosen.clear();
  chosen.add(files);
  clearTimeout(timer);
}
