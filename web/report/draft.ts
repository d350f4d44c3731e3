/**
 * What is being written, reports and texts for them, kept on the phone from the first word, so that a
 * reload or a dead battery loses nothing. It goes when it goes to the outbox or is erased. What the
 * database cannot hold is kept in memory, as long as the page is open.
 */
import { signal } from '@preact/signals';

import {
  draftsOf,
  fileIdsOf,
  orphansOf,
  removeDraft,
  type Row,
  type WholeRow,
  withKeptFiles,
  type WordsRow,
  writeDraft,
} from './draftFiles.ts';
import { NoDatabase, whenLost, within } from './draftRows.ts';
import type { Form } from './form.ts';
import { result } from './request.ts';

export interface KeptDraft {
  readonly id: string;
  readonly form: Form;
  readonly files: readonly File[];
  /** When it was last changed, in milliseconds since 1970. */
  readonly at: number;
}

/** A text to the officers of a report. Without the receipt, which is not kept, nobody can send it. */
export interface KeptText {
  readonly id: string;
  readonly text: string;
  readonly at: number;
}

/**
 * What became of a draft that was to be kept. `partly`: without files that came. `not`: in memory alone.
 * `gone`: another page has sent or erased it. `other`: another page has changed it. With these two
 * nothing is written.
 */
export type Keeping = 'kept' | 'partly' | 'not' | 'gone' | 'other';

/** Grows whenever a draft is kept or erased. */
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
/** The ids of the files of each draft that are kept, as this page has last read or written them. */
const keptFiles = new Map<string, readonly string[]>();
whenLost(() => keptFiles.clear());
/** The ids of drafts that the outbox is about to take: they are drafts no more, or will be again. */
const handedOver = new Set<string>();
/** The ids of those that it has. */
const taken = new Set<string>();

/** Return all reports that were begun, oldest first. */
export async function readDrafts(): Promise<readonly KeptDraft[]> {
  const rows = await readRows();
  if (orphansOf(rows).length > 0) void erase(eraseOrphans);
  keptFiles.clear();
  for (const row of rows) if ('words' in row) keptFiles.set(row.id, row.files);
  const held = [...memory.values()].filter((row) => 'form' in row);
  return inOrder(draftsOf(rows), held).filter(({ id }) => !handedOver.has(id) && !taken.has(id));
}

/** Return all texts that were begun, oldest first. */
export async function readTexts(): Promise<readonly KeptText[]> {
  const held = [...memory.values()].filter((row) => 'text' in row);
  return inOrder((await readRows()).filter((row) => 'text' in row), held);
}

/** Return whether closing the page would lose something that was begun. */
export function isInMemory(): boolean {
  return memory.size > 0;
}

/**
 * Keep a draft instead of what it was. `known` has when that was last changed, as far as this page
 * knows or has written it; nothing when it was not kept yet. Without it nothing is compared, and it is
 * written at once: the page may be gone before an answer came.
 */
export async function keepDraft(draft: KeptDraft, known?: readonly number[]): Promise<Keeping> {
  const keeping = await keep(draft, known);
  if (keeping === 'kept' || keeping === 'partly') touched.delete(draft.id);
  tell(draft.id);
  return keeping;
}

/** Return whether no other page has kept or erased a draft since it was kept here. */
export function isOurs(id: string): boolean {
  return channel !== null && !touched.has(id);
}

/** Return whether another page has sent or erased a draft that was kept. */
export async function isGone(id: string): Promise<boolean> {
  if (memory.has(id)) return false;
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

/** Give a draft to whoever keeps it from now on. Until that is done it is shown to nobody. */
export async function handOver<T>(id: string, take: () => Promise<T>): Promise<T> {
  handedOver.add(id);
  draftChanges.value += 1;
  try {
    const taken = await take();
    await eraseDraft(id);
    return taken;
  } finally {
    handedOver.delete(id);
    draftChanges.value += 1;
  }
}

/**
 * Erase drafts that the outbox has, and show them no more: the page that gave them to it may have died
 * before it could.
 */
export function eraseTaken(ids: readonly string[]): void {
  for (const id of ids) {
    // Whoever hands it over erases it.
    if (taken.has(id) || handedOver.has(id)) continue;
    taken.add(id);
    void eraseDraft(id);
  }
}

/**
 * Return whether it is gone from the phone. With `known`, as above, it stays if another page has
 * changed it.
 */
export async function eraseDraft(id: string, known?: readonly number[]): Promise<boolean> {
  memory.delete(id);
  keptFiles.delete(id);
  const isErased = await erase((store) =>
    known ? eraseKnown(store, id, known) : removeDraft(store, id),
  );
  tell(id);
  return isErased;
}

async function eraseKnown(store: IDBObjectStore, id: string, known: readonly number[]): Promise<void> {
  const found = (await result(store.get(id))) as WordsRow | WholeRow | undefined;
  if (found && known.includes(found.at)) removeDraft(store, id);
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

async function keep(draft: KeptDraft, known?: readonly number[]): Promise<Keeping> {
  // In memory, no other page can have changed it.
  const compared = memory.has(draft.id) ? undefined : known;
  try {
    const keeping = await put(draft, compared);
    memory.delete(draft.id);
    return keeping;
  } catch {
    memory.set(draft.id, draft);
    if (draft.files.length === 0) return 'not';
    // No room for files that came: the words at least, and the files that are kept already.
    return put(draft, undefined, withKeptFiles).then(
      () => 'partly',
      () => 'not',
    );
  }
}

/** Keep a draft, or what `made` makes of it when it knows which of the files are kept. */
async function put(
  draft: KeptDraft,
  known?: readonly number[],
  made: typeof withKeptFiles = (whole) => whole,
): Promise<'kept' | 'gone' | 'other'> {
  const write = (store: IDBObjectStore, before: readonly string[]) =>
    writeDraft(store, made(draft, before), before);
  const files = known
    ? await within('readwrite', async (store) => {
        const found = (await result(store.get(draft.id))) as WordsRow | WholeRow | undefined;
        if (!found && known.length > 0) return 'gone';
        if (found && !known.includes(found.at)) return 'other';
        return write(store, fileIdsOf(found));
      })
    : await within('readwrite', (store) => write(store, keptFiles.get(draft.id) ?? []));
  if (typeof files === 'string') return files;
  keptFiles.set(draft.id, files);
  return 'kept';
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
    return await within('readonly', (store) => result(store.getAll() as IDBRequest<Row[]>));
  } catch {
    return [];
  }
}
