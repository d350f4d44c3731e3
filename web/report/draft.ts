/**
 * The report that is being written, kept on the phone from the first word, so that a reload or a
 * dead battery loses nothing. It is one row in a database of its own, and goes when the report goes
 * to the outbox or is erased. Without IndexedDB nothing is kept.
 */
import type { Form } from './form.ts';

export interface KeptDraft {
  readonly form: Form;
  readonly files: readonly File[];
}

const NAME = 'tipline-draft';
const STORE = 'draft';
const ROW = 'draft';

let opened: Promise<IDBDatabase | null> | null = null;

/** Return what was kept, or null. */
export async function readDraft(): Promise<KeptDraft | null> {
  const database = await open();
  if (!database) return null;
  try {
    const request = database.transaction(STORE).objectStore(STORE).get(ROW);
    return ((await result(request)) as KeptDraft | undefined) ?? null;
  } catch {
    return null;
  }
}

/** Keep a draft instead of the last one. Return whether it is kept, its files too. */
export async function keepDraft(draft: KeptDraft): Promise<boolean> {
  const database = await open();
  if (!database) return false;
  try {
    await put(database, draft);
    return true;
  } catch {
    // No room for the files: the words at least.
    try {
      await put(database, { form: draft.form, files: [] });
    } catch {
      return false;
    }
    return draft.files.length === 0;
  }
}

export async function eraseDraft(): Promise<void> {
  const database = await open();
  if (!database) return;
  try {
    await written(database, (store) => store.delete(ROW));
  } catch {
    // It cannot be reached, so it cannot be read either.
  }
}

function put(database: IDBDatabase, draft: KeptDraft): Promise<void> {
  return written(database, (store) => store.put(draft, ROW));
}

function open(): Promise<IDBDatabase | null> {
  opened ??= new Promise((resolve) => {
    try {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
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
