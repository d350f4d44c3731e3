/**
 * The reports that are being written, kept on the phone from the first word, so that a reload or a
 * dead battery loses nothing. Each is one row in a database of its own, and goes when the report goes
 * to the outbox or is erased. Without IndexedDB they are kept in memory, as long as the page is open.
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

const NAME = 'tipline-draft';
const STORE = 'drafts';

/** Grows whenever a draft is kept or erased. */
export const draftChanges = signal(0);

const memory = new Map<string, KeptDraft>();

let opened: Promise<IDBDatabase | null> | null = null;

/** Return all drafts, oldest first. */
export async function readDrafts(): Promise<readonly KeptDraft[]> {
  const database = await open();
  const all = database ? await allOf(database) : [...memory.values()];
  return [...all].sort((one, other) => one.at - other.at);
}

/** Keep a draft instead of what it was. Return whether a reload finds it, its files too. */
export async function keepDraft(draft: KeptDraft): Promise<boolean> {
  const isKept = await keep(draft);
  draftChanges.value += 1;
  return isKept;
}

export async function eraseDraft(id: string): Promise<void> {
  memory.delete(id);
  const database = await open();
  try {
    if (database) await written(database, (store) => store.delete(id));
  } catch {
    // It cannot be reached, so it cannot be read either.
  }
  draftChanges.value += 1;
}

async function keep(draft: KeptDraft): Promise<boolean> {
  const database = await open();
  if (!database) {
    memory.set(draft.id, draft);
    return false;
  }
  try {
    await put(database, draft);
    return true;
  } catch {
    // No room for the files: the words at least.
    try {
      await put(database, { ...draft, files: [] });
    } catch {
      return false;
    }
    return draft.files.length === 0;
  }
}

async function allOf(database: IDBDatabase): Promise<readonly KeptDraft[]> {
  try {
    const request = database.transaction(STORE).objectStore(STORE).getAll();
    return (await result(request)) as KeptDraft[];
  } catch {
    return [];
  }
}

function put(database: IDBDatabase, draft: KeptDraft): Promise<void> {
  return written(database, (store) => store.put(draft));
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
  });
}
