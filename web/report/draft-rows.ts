/**
 * The database of what is being written. Its connection stays open, so that what is kept as the page
 * goes is written at once; browsers of phones lose one in the background, and then it is opened anew.
 *
 * All rows are in one store, also those of files: a new version of the database would have to wait
 * until no window of the earlier page is open.
 */
import { abort } from './request.ts';

const NAME = 'tipline-draft';
const STORE = 'drafts';

/** Safari 14 sometimes never opens a database. Whoever writes waits for it, in milliseconds. */
const PATIENCE_MS = 3000;
/** Why a browser opens none for this page: it is private, or they are forbidden. */
const FORBIDDEN = ['InvalidStateError', 'SecurityError'];

let opened: Promise<IDBDatabase> | null = null;
let wasOpened = false;
let lost = (): void => {};

/** This browser has no databases for this page, so there is nothing in one. */
export class NoDatabase extends Error {}

/** Do something when the connection is lost: the next one may be to a new database. */
export function whenLost(act: () => void): void {
  lost = act;
}

/**
 * Work on the rows in one transaction, all or nothing. It resolves when all is on the disk. Throws
 * NoDatabase, or why it cannot be.
 */
export async function within<T>(
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => Promise<T> | T,
): Promise<T> {
  const transaction = await begin(mode);
  const isWritten = ended(transaction);
  isWritten.catch(() => undefined); // its error may be that of the work, which comes first
  try {
    const value = work(transaction.objectStore(STORE));
    // Whoever leaves the page does not wait for it. Browsers before 2020 have no such call.
    if (!(value instanceof Promise)) (transaction as Partial<IDBTransaction>).commit?.();
    const found = await value;
    await isWritten;
    return found;
  } catch (fault) {
    abort(transaction);
    throw fault;
  }
}

async function begin(mode: IDBTransactionMode): Promise<IDBTransaction> {
  const database = await open();
  try {
    return database.transaction(STORE, mode);
  } catch {
    lose();
    return (await open()).transaction(STORE, mode);
  }
}

function lose(): void {
  opened = null;
  lost();
}

function ended(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('not written'));
    transaction.onerror = () => reject(transaction.error ?? new Error('not written'));
  });
}

function open(): Promise<IDBDatabase> {
  if (opened) return opened;
  const connection = connect();
  opened = connection;
  // Another try may do better.
  connection.catch(() => {
    if (opened === connection) opened = null;
  });
  return connection;
}

function connect(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error('not opened')), PATIENCE_MS);
    try {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore(STORE, { keyPath: 'id' });
      };
      request.onsuccess = () => {
        wasOpened = true;
        request.result.onclose = lose;
        resolve(request.result);
      };
      request.onerror = () => reject(refusal(FORBIDDEN.includes(request.error?.name ?? '')));
    } catch {
      reject(refusal(true));
    }
  });
}

/** Return why it does not open. One that was there has what was kept in it. */
function refusal(isForbidden: boolean): Error {
  return isForbidden && !wasOpened ? new NoDatabase() : new Error('not opened');
}
