/**
 * What is being written, reports and texts for them, kept on the phone from the first word, so that a
 * reload or a dead battery loses nothing. Each is one row in a database of its own, and goes when it
 * goes to the outbox or is erased. What the database cannot hold is kept in memory, as long as the page
 * is open.
 */
import { signal } from '@preact/signals';

import type { Form } from './form.ts';

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

const NAME = 'tipline-draft';
const STORE = 'drafts';

/** Grows whenever a draft is kept or erased. */
export const draftChanges = signal(0);

/** The ids of texts begin so; those of reports are UUIDs. */
export const TEXT = 'text:';

const memory = new Map<string, Row>();

let opened: Promise<IDBDatabase | null> | null = null;

/** Return all reports that were begun, oldest first. */
export async function readDrafts(): Promise<readonly KeptDraft[]> {
  return (await readAll()).filter((row) => 'form' in row);
}

/** Return all texts that were begun, oldest first. */
export async function readTexts(): Promise<readonly KeptText[]> {
  return (await readAll()).filter((row) => 'text' in row);
}

/** Keep a draft instead of what it was. Return whether a reload finds it, its files too. */
export async function keepDraft(draft: KeptDraft): Promise<boolean> {
  const isKept = await keep(draft, () => ({ ...draft, files: [] }));
  draftChanges.value += 1;
  return isKept;
}

/** The same for a text. */
export function keepText(text: KeptText): Promise<boolean> {
  return keep(text, () => text);
}

export async function eraseDraft(id: string): Promise<void> {
  memory.delete(id);
  await erase((store) => store.delete(id));
  draftChanges.value += 1;
}

/** Erase all texts whose ids begin so. */
export async function eraseTexts(start: string = TEXT): Promise<void> {
  for (const id of [...memory.keys()]) if (id.startsWith(start)) memory.delete(id);
  // Nothing that people write sorts behind this sign.
  await erase((store) => store.delete(IDBKeyRange.bound(start, `${start}\uffff`)));
}

/** `smaller`: what is kept of it at least, if there is no room. */
async function keep<T extends Row>(row: T, smaller: () => T): Promise<boolean> {
  const database = await open();
  if (!database) {
    memory.set(row.id, row);
    return false;
  }
  try {
    await put(database, row);
    memory.delete(row.id);
    return true;
  } catch {
    memory.set(row.id, row);
    // No room for the files: the words at least.
    try {
      await put(database, smaller());
    } catch {
      return false;
    }
    return !('files' in row) || row.files.length === 0;
  }
}

async function erase(change: (store: IDBObjectStore) => void): Promise<void> {
  const database = await open();
  try {
    if (database) await written(database, change);
  } catch {
    // It cannot be reached, so it cannot be read either.
  }
}

async function readAll(): Promise<readonly Row[]> {
  const database = await open();
  const kept = database ? await allOf(database) : [];
  const all = new Map([...kept.map((row) => [row.id, row] as const), ...memory]);
  return [...all.values()].sort((one, other) => one.at - other.at);
}

async function allOf(database: IDBDatabase): Promise<readonly Row[]> {
  try {
    const request = database.transaction(STORE).objectStore(STORE).getAll();
    return (await result(request)) as Row[];
  } catch {
    return [];
  }
}

function put(database: IDBDatabase, row: Row): Promise<void> {
  return written(database, (store) => store.put(row));
}

function open(): Promise<IDBDatabase | null> {
  opened ??= new Promise((resolve) => {
    try {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore(STORE, { keyPath: 'id' });
      };
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
      request.onblocked = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
  return opened;
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('not read'));
  });
}

function written(database: IDBDatabase, change: (store: IDBObjectStore) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, 'readwrite');
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('not written'));
    transaction.onerror = () => reject(transaction.error ?? new Error('not written'));
    change(transaction.objectStore(STORE));
    // Whoever leaves the page does not wait for it. Browsers before 2020 have no such call.
    (transaction as Partial<IDBTransaction>).commit?.();
  });
}
