/**
 * What is being written, reports and texts for them, kept on the phone from the first word, so that a
 * reload or a dead battery loses nothing. Each is one row in a database of its own, and goes when it
 * goes to the outbox or is erased. What the database cannot hold is kept in memory, as long as the page
 * is open.
 */
import { signal } from '@preact/signals';

import { NoDatabase, within } from './draftRows.ts';
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

type Row = KeptDraft | KeptText;

/**
 * What became of a draft that was to be kept. `partly`: without its files. `not`: in memory alone.
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

const memory = new Map<string, Row>();
/** The ids of drafts that the outbox is about to take: they are drafts no more, or will be again. */
const handedOver = new Set<string>();

/** Return all reports that were begun, oldest first. */
export async function readDrafts(): Promise<readonly KeptDraft[]> {
  const all = (await readAll()).filter((row) => 'form' in row);
  return all.filter(({ id }) => !handedOver.has(id));
}

/** Return all texts that were begun, oldest first. */
export async function readTexts(): Promise<readonly KeptText[]> {
  return (await readAll()).filter((row) => 'text' in row);
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
  const smaller = draft.files.length > 0 ? { ...draft, files: [] } : null;
  const keeping = await keep(draft, smaller, known);
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

/** The same for a text. Return whether a reload finds it. */
export async function keepText(text: KeptText): Promise<boolean> {
  return (await keep(text, null)) === 'kept';
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
 * Return whether it is gone from the phone. With `known`, as above, it stays if another page has
 * changed it.
 */
export async function eraseDraft(id: string, known?: readonly number[]): Promise<boolean> {
  memory.delete(id);
  const isErased = await erase((store) =>
    known ? eraseKnown(store, id, known) : void store.delete(id),
  );
  tell(id);
  return isErased;
}

async function eraseKnown(store: IDBObjectStore, id: string, known: readonly number[]): Promise<void> {
  const found = (await result(store.get(id))) as KeptDraft | undefined;
  if (found && known.includes(found.at)) store.delete(id);
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

/** `smaller`: what is kept of it at least, if there is no room for all. */
async function keep(
  row: Row,
  smaller: Row | null,
  known?: readonly number[],
): Promise<Keeping> {
  // In memory, no other page can have changed it.
  const compared = memory.has(row.id) ? undefined : known;
  try {
    const keeping = await put(row, compared);
    memory.delete(row.id);
    return keeping;
  } catch {
    memory.set(row.id, row);
    if (!smaller) return 'not';
    // No room for the files: the words at least.
    return put(smaller).then(
      () => 'partly',
      () => 'not',
    );
  }
}

function put(row: Row, known?: readonly number[]): Promise<'kept' | 'gone' | 'other'> {
  if (known === undefined) {
    return within('readwrite', (store) => {
      store.put(row);
      return 'kept';
    });
  }
  return within('readwrite', async (store) => {
    const found = (await result(store.get(row.id))) as Row | undefined;
    if (!found && known.length > 0) return 'gone';
    if (found && !known.includes(found.at)) return 'other';
    store.put(row);
    return 'kept';
  });
}

async function erase(change: (store: IDBObjectStore) => Promise<void> | void): Promise<boolean> {
  try {
    await within('readwrite', change);
    return true;
  } catch (fault) {
    return fault instanceof NoDatabase;
  }
}

async function readAll(): Promise<readonly Row[]> {
  const kept = await readKept();
  const all = new Map([...kept.map((row) => [row.id, row] as const), ...memory]);
  return [...all.values()].sort((one, other) => one.at - other.at);
}

async function readKept(): Promise<readonly Row[]> {
  try {
    return await within('readonly', (store) => result(store.getAll() as IDBRequest<Row[]>));
  } catch {
    return [];
  }
}
