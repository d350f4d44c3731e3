/**
 * What is being written, reports and texts for them, kept on the phone from the first word, so that a
 * reload or a dead battery loses nothing. It goes when it goes to the outbox or is erased. What the
 * database cannot hold is kept in memory, as long as the page is open.
 */
import { signal } from '@preact/signals';

import {
  addFile,
  draftsOf,
  isKeptIn,
  type KeptDraft,
  type KeptText,
  type KeyRow,
  moveDraft,
  NoDatabase,
  orphansOf,
  removeDraft,
  type Row,
  whenRenewed,
  type WholeRow,
  within,
  WORD,
  type WordsRow,
  writeWords,
} from './draft-rows.ts';
import { noted } from './once.ts';
import type { Begun, Entry } from '../../sdk/outbox/types.ts';
import { result } from '../../sdk/request.ts';

export type { KeptDraft, KeptText } from './draft-rows.ts';

/**
 * What became of a draft that was to be kept. `more`: its words are kept, and a file was tried; others
 * are left. `partly`: without files for which there is no room. `not`: in memory alone. `gone`: another
 * page has sent or erased it. `other`: another page has changed it. With these two nothing is written.
 */
export type Keeping = 'kept' | 'more' | 'partly' | 'not' | 'gone' | 'other';

interface Taken extends Begun {
  isErased: boolean;
}

/** Return whether words of it are kept now. */
export function isWritten(keeping: Keeping): boolean {
  return keeping === 'kept' || keeping === 'more' || keeping === 'partly';
}

/** Grows whenever a draft is kept or erased, or the database may hold others. */
export const draftChanges = signal(0);

/** The ids of texts begin so; those of reports are UUIDs. */
export const TEXT = 'text:';

/** Says to other pages which draft was kept or erased here. Without it nobody is sure of a draft. */
const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('tipline-drafts');
/** The ids of those that another page has kept or erased since they were last compared. */
const touched = new Set<string>();
if (channel) {
  channel.onmessage = ({ data: id }: MessageEvent<string>) => {
    touched.add(id);
    draftChanges.value += 1;
  };
}

const memory = new Map<string, KeptDraft | KeptText>();
/** The ids of the files of a draft that are kept; `whole`: its row has them. */
type Files = readonly string[] | 'whole';
/** Those of each draft, as this page has last read or written them. */
const keptFiles = new Map<string, Files>();
whenRenewed(() => {
  keptFiles.clear();
  draftChanges.value += 1;
});
/** The ids of drafts that the outbox is about to take: they are drafts no more, or will be again. */
const handedOver = new Set<string>();
/** Those that it has: as they are listed here, they are drafts no more. */
const taken = new Map<string, Taken>();
/** Files that found no room, until something is erased. */
let withoutRoom = new WeakSet<File>();

/** Whether leaving keeps what is begun, under a word, as far as this page knows. */
export const isUnderWord = signal(false);

/** Keep what opens the word with what is begun: a reload must not lose it. It goes with all of that. */
export async function keepKey(key: CryptoKey): Promise<void> {
  await within('readwrite', (store) => void store.put({ id: WORD, key }));
  isUnderWord.value = true;
}

/** Put back a report that was kept under a word, unless it is there. */
export async function putBack(draft: KeptDraft | KeptText): Promise<void> {
  await within('readwrite', async (store) => {
    if (await result(store.getKey(draft.id))) return;
    if ('text' in draft) store.put(draft);
    else moveDraft(store, draft);
  });
  draftChanges.value += 1;
}

/**
 * Return all that was begun, and the key of the word that it is to be kept under. Throws when it cannot
 * be read: nothing may be erased that nobody has seen.
 */
export async function readBegun(): Promise<{
  readonly drafts: readonly KeptDraft[];
  readonly texts: readonly KeptText[];
  readonly key: CryptoKey | null;
}> {
  const rows = await readAll().catch((fault: unknown): readonly Row[] => {
    if (fault instanceof NoDatabase) return [];
    throw fault;
  });
  const key = rows.find((row): row is KeyRow => 'key' in row)?.key ?? null;
  return { drafts: draftsIn(rows), texts: textsIn(rows), key };
}

/** Erase all that was begun, and the key. Return whether it is gone from the phone. */
export async function eraseAll(): Promise<boolean> {
  memory.clear();
  keptFiles.clear();
  draftChanges.value += 1;
  return erase((store) => void store.clear());
}

/** Return all reports that were begun, oldest first. */
export async function readDrafts(): Promise<readonly KeptDraft[]> {
  const rows = await readRows();
  isUnderWord.value = rows.some((row) => 'key' in row);
  if (orphansOf(rows).length > 0) void erase(eraseOrphans);
  keptFiles.clear();
  for (const row of rows) if ('words' in row || 'form' in row) keptFiles.set(row.id, filesOf(row));
  return draftsIn(rows);
}

function draftsIn(rows: readonly Row[]): readonly KeptDraft[] {
  const held = [...memory.values()].filter((row) => 'form' in row);
  return inOrder(draftsOf(rows), held).filter(
    ({ id, at }) => !handedOver.has(id) && !taken.get(id)?.times.includes(at),
  );
}

/** Return all texts that were begun, oldest first. */
export async function readTexts(): Promise<readonly KeptText[]> {
  return textsIn(await readRows());
}

function textsIn(rows: readonly Row[]): readonly KeptText[] {
  const held = [...memory.values()].filter((row) => 'text' in row);
  return inOrder(rows.filter((row) => 'text' in row), held);
}

/** Return whether closing the page would lose something that was begun. */
export function isInMemory(): boolean {
  return memory.size > 0;
}

/**
 * Keep a draft instead of what it was: its words, and one of its files that are not kept yet. `known`
 * has when it was last changed, as far as this page has read or written it; nothing when it was not
 * kept yet. With `atOnce` words are written without a look at what is there: the page may be gone
 * before an answer came.
 */
export async function keepDraft(
  draft: KeptDraft,
  known: readonly number[],
  { atOnce = false } = {},
): Promise<Keeping> {
  const keeping = await keep(draft, known, known.length === 0, atOnce);
  if (keeping === 'gone' || keeping === 'other') memory.delete(draft.id);
  if (isWritten(keeping)) touched.delete(draft.id);
  tell(draft.id);
  return keeping;
}

/** Return whether no other page has kept or erased a draft since it was kept here. */
export function isOurs(id: string): boolean {
  return channel !== null && !touched.has(id);
}

/** Return whether another page has sent or erased a draft that was kept. */
export async function isGone(id: string): Promise<boolean> {
  try {
    return (await within('readonly', (store) => result(store.getKey(id)))) === undefined;
  } catch {
    return false;
  }
}

/** Keep a text instead of what it was. Return whether a reload finds it. */
export async function keepText(text: KeptText): Promise<boolean> {
  try {
    await within('readwrite', (store) => void store.put(text));
    memory.delete(text.id);
    return true;
  } catch {
    memory.set(text.id, text);
    return false;
  }
}

/**
 * Give a draft to the outbox: `take` does, unless it returns null. Until that is done it is shown to
 * nobody. `isAlone` is false while another page does the same. `known`: as above.
 */
export async function handOver(
  id: string,
  known: readonly number[],
  take: (isAlone: boolean) => Promise<Entry | null>,
): Promise<Entry | null> {
  handedOver.add(id);
  draftChanges.value += 1;
  try {
    const entry = await noted(alone(id, take));
    if (entry) {
      memory.delete(id);
      const isErased = isSafe(entry);
      taken.set(id, { id, times: [...known], isErased });
      if (isErased) await eraseDraft(id, known);
    }
    return entry;
  } finally {
    handedOver.delete(id);
    draftChanges.value += 1;
  }
}

/**
 * Take note of what the outbox has: those are drafts no more, unless they were changed since. They are
 * erased as soon as the outbox would have all of them after a reload, or the person does not want them:
 * the page that gave them to it may have died before it could.
 */
export function noteTaken(entries: readonly Entry[]): void {
  for (const entry of entries) {
    const { begun } = entry;
    // Whoever hands it over notes it.
    if (!begun || handedOver.has(begun.id) || !isSafe(entry)) continue;
    if (!taken.has(begun.id)) taken.set(begun.id, { ...begun, isErased: false });
    eraseTaken(begun.id);
  }
  const there = new Set(entries.map(({ begun }) => begun?.id));
  for (const id of taken.keys()) if (!there.has(id)) eraseTaken(id);
}

/** Return whether a reload would find all of an entry that has not arrived. */
function isSafe({ kept, reportId, files }: Entry): boolean {
  const areFilesSafe = files.every((file) => file.kept || file.state === 'sent');
  return (kept || reportId !== undefined) && areFilesSafe;
}

function eraseTaken(id: string): void {
  const one = taken.get(id);
  // What is held here was changed here.
  if (!one || one.isErased || memory.has(id)) return;
  one.isErased = true;
  void eraseDraft(id, one.times);
}

/** Do something, and say whether no other page does it with this draft. Some browsers cannot say. */
async function alone<T>(id: string, act: (isAlone: boolean) => Promise<T>): Promise<T> {
  const locks = (globalThis.navigator as Partial<Navigator> | undefined)?.locks;
  if (!locks) return act(true);
  return locks.request(`tipline-draft:${id}`, { ifAvailable: true }, (lock) => act(lock !== null));
}

/**
 * Return whether it is gone from the phone. With `known`, as above, it stays if another page has
 * changed it.
 */
export async function eraseDraft(id: string, known?: readonly number[]): Promise<boolean> {
  memory.delete(id);
  keptFiles.delete(id);
  withoutRoom = new WeakSet();
  const isErased = await erase((store) =>
    known ? eraseKnown(store, id, known) : removeDraft(store, id),
  );
  tell(id);
  return isErased;
}

async function eraseKnown(store: IDBObjectStore, id: string, known: readonly number[]): Promise<void> {
  if (compared(await rowOf(store, id), known) === null) removeDraft(store, id);
}

async function eraseOrphans(store: IDBObjectStore): Promise<void> {
  for (const id of orphansOf(await result(store.getAll() as IDBRequest<Row[]>))) store.delete(id);
}

function tell(id: string): void {
  draftChanges.value += 1;
  channel?.postMessage(id);
}

/** Erase all texts whose ids begin so. Return whether they are gone from the phone. */
export async function eraseTexts(start: string = TEXT): Promise<boolean> {
  for (const id of [...memory.keys()]) if (id.startsWith(start)) memory.delete(id);
  // Nothing that people write sorts behind this sign.
  return erase((store) => void store.delete(IDBKeyRange.bound(start, `${start}\uffff`)));
}

async function keep(
  draft: KeptDraft,
  known: readonly number[],
  isNew: boolean,
  atOnce: boolean,
): Promise<Keeping> {
  const { id } = draft;
  try {
    const words = await keepWords(draft, known, isNew, atOnce);
    if (words) return words;
  } catch {
    memory.set(id, draft);
    return 'not';
  }
  const kept = keptFiles.get(id) ?? [];
  const left = draft.files.filter((file) => kept !== 'whole' && !isKeptIn(kept, id, file));
  const next = left.find((file) => !withoutRoom.has(file));
  if (left.length > 0) memory.set(id, draft);
  else memory.delete(id);
  if (!next) return left.length > 0 ? 'partly' : 'kept';
  try {
    return (await keepFile(draft, next, known)) ?? 'more';
  } catch {
    withoutRoom.add(next);
    return 'more';
  }
}

/** Keep the words of a draft, and name those of its files that are kept. Return null if they are. */
async function keepWords(
  draft: KeptDraft,
  known: readonly number[],
  isNew: boolean,
  atOnce: boolean,
): Promise<'gone' | 'other' | null> {
  const write = (store: IDBObjectStore, before: Files) =>
    before === 'whole' ? moveDraft(store, draft) : writeWords(store, draft, before);
  const before = isNew ? [] : keptFiles.get(draft.id);
  if (!atOnce || !before) {
    return change(draft, known, isNew, (store, found) => write(store, filesOf(found)));
  }
  const words = within('readwrite', (store) => write(store, before));
  // What has come with the page's end, such as a recording, does not wait for the words either.
  const files = before === 'whole' ? words : keepLate(draft, before).catch(() => words);
  const [, kept] = await Promise.all([words, files]);
  keptFiles.set(draft.id, kept);
  return null;
}

/** Keep all files of a draft that are not kept yet. Return the ids of those that are then. */
function keepLate(draft: KeptDraft, before: readonly string[]): Promise<readonly string[]> {
  const { id, form, files, at } = draft;
  return within('readwrite', (store) =>
    files
      .filter((file) => !isKeptIn(before, id, file) && !withoutRoom.has(file))
      .reduce((kept, file) => addFile(store, draft, file, { id, words: form, files: kept, at }), before),
  );
}

async function keepFile(
  draft: KeptDraft,
  file: File,
  known: readonly number[],
): Promise<'gone' | 'other' | null> {
  return change(draft, known, false, (store, found) =>
    found && 'words' in found ? addFile(store, draft, file, found) : [],
  );
}

/**
 * Change what is kept of a draft, unless another page has. `write` returns the ids of the files that
 * are kept then.
 */
async function change(
  { id, at }: KeptDraft,
  known: readonly number[],
  isNew: boolean,
  write: (store: IDBObjectStore, found: WordsRow | WholeRow | undefined) => readonly string[],
): Promise<'gone' | 'other' | null> {
  const files = await within('readwrite', async (store) => {
    const found = await rowOf(store, id);
    // Its words were written right before, if not by another page.
    const became = found?.at === at || (isNew && !found) ? null : compared(found, known);
    return became ?? write(store, found);
  });
  if (typeof files === 'string') return files;
  keptFiles.set(id, files);
  return null;
}

function filesOf(row: WordsRow | WholeRow | undefined): Files {
  return row === undefined ? [] : 'form' in row ? 'whole' : row.files;
}

function rowOf(store: IDBObjectStore, id: string): Promise<WordsRow | WholeRow | undefined> {
  return result(store.get(id) as IDBRequest<WordsRow | WholeRow | undefined>);
}

/** Return what another page has done with a draft; null if nothing. */
function compared(
  found: WordsRow | WholeRow | undefined,
  known: readonly number[],
): 'gone' | 'other' | null {
  if (!found) return 'gone';
  return known.includes(found.at) ? null : 'other';
}

async function erase(change: (store: IDBObjectStore) => Promise<void> | void): Promise<boolean> {
  try {
    await within('readwrite', change);
    return true;
  } catch (fault) {
    return fault instanceof NoDatabase;
  }
}

/** Return what is kept, or held in memory instead, oldest first. */
function inOrder<T extends KeptDraft | KeptText>(
  kept: readonly T[],
  held: readonly T[],
): readonly T[] {
  const all = new Map([...kept, ...held].map((one) => [one.id, one]));
  return [...all.values()].sort((one, other) => one.at - other.at);
}

async function readRows(): Promise<readonly Row[]> {
  try {
    return await readAll();
  } catch {
    return [];
  }
}

function readAll(): Promise<readonly Row[]> {
  return within('readonly', (store) => result(store.getAll() as IDBRequest<Row[]>));
}
