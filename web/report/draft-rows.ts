/**
 * A report that was begun, as its rows have it: one row of its words, and one of each file. So whoever
 * writes on writes a small row alone, and a file is written once.
 */

import type { Form } from './form.ts';
import { randomUuid } from '../../sdk/outbox/uuid.ts';
import { abort } from '../../sdk/request.ts';

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

/** What is kept of a report but its files: of these the ids of their rows. */
export interface WordsRow {
  readonly id: string;
  readonly words: Form;
  readonly files: readonly string[];
  readonly at: number;
}

interface FileRow {
  readonly id: string;
  readonly file: File;
}

/** A report as an earlier version of this page has kept it, with its files. */
export type WholeRow = KeptDraft;

/** The key of the word under which leaving keeps what is begun. Nobody can read it, only use it. */
export interface KeyRow {
  readonly id: typeof WORD;
  readonly key: CryptoKey;
}

export type Row = WordsRow | FileRow | WholeRow | KeptText | KeyRow;

/** The id of the row with the key. */
export const WORD = 'word';

/** The ids of files begin so; the draft's id and the file's name follow. */
const FILE = 'file:';

/** What files are called in the ids of their rows. */
const names = new WeakMap<File, string>();

/**
 * Write the words of a draft over what is kept of it, and erase those of its files that have gone.
 * `before` has the ids of the files that are kept. Return the ids of those that are kept now.
 */
export function writeWords(
  store: IDBObjectStore,
  { id, form, files, at }: KeptDraft,
  before: readonly string[],
): readonly string[] {
  const ids = idsOf(id, files).filter((one) => before.includes(one));
  for (const gone of before) if (!ids.includes(gone)) store.delete(gone);
  store.put({ id, words: form, files: ids, at });
  return ids;
}

/** Keep one more file of a draft. Return the ids of those that are kept now. */
export function addFile(
  store: IDBObjectStore,
  { id, files }: KeptDraft,
  file: File,
  row: WordsRow,
): readonly string[] {
  const added = fileId(id, file);
  const ids = idsOf(id, files).filter((one) => one === added || row.files.includes(one));
  store.put({ id: added, file });
  store.put({ ...row, files: ids });
  return ids;
}

/** Write a draft anew, with its files, that an earlier version of this page has kept in one row. */
export function moveDraft(store: IDBObjectStore, draft: KeptDraft): readonly string[] {
  const ids = idsOf(draft.id, draft.files);
  for (const [place, file] of draft.files.entries()) store.put({ id: ids[place], file });
  return writeWords(store, draft, ids);
}

/** Return whether a file of a draft is among those that are kept. */
export function isKeptIn(kept: readonly string[], draft: string, file: File): boolean {
  return kept.includes(fileId(draft, file));
}

/** Erase a draft with its files. */
export function removeDraft(store: IDBObjectStore, id: string): void {
  store.delete(id);
  // Nothing in an id sorts behind this sign.
  store.delete(IDBKeyRange.bound(`${FILE}${id}:`, `${FILE}${id}:\uffff`));
}

/** Return the reports that were begun, put together of all rows. */
export function draftsOf(rows: readonly Row[]): readonly KeptDraft[] {
  const files = new Map(rows.filter(isFile).map(({ id, file }) => [id, file]));
  return rows.flatMap((row) => {
    if ('form' in row) return [row];
    if (!('words' in row) || isLeft(row, files)) return [];
    const { id, words, at } = row;
    return [{ id, form: words, files: row.files.flatMap((one) => named(one, files.get(one))), at }];
  });
}

/** Return the ids of rows that belong to nothing: an earlier version of this page erases no files. */
export function orphansOf(rows: readonly Row[]): readonly string[] {
  const files = new Map(rows.filter(isFile).map(({ id, file }) => [id, file]));
  const wanted = new Set(rows.flatMap((row) => ('words' in row ? row.files : [])));
  const left = rows.filter((row) => 'words' in row && isLeft(row, files));
  return [...left.map(({ id }) => id), ...[...files.keys()].filter((id) => !wanted.has(id))];
}

/**
 * Return whether words are left of a draft that another page has erased with its files: this one wrote
 * its last words at that moment.
 */
function isLeft({ files }: WordsRow, all: ReadonlyMap<string, File>): boolean {
  return files.length > 0 && !files.some((id) => all.has(id));
}

function isFile(row: Row): row is FileRow {
  return 'file' in row;
}

/** Return a file that was read, which is not written again; nothing if there is none. */
function named(id: string, file: File | undefined): readonly File[] {
  if (!file) return [];
  names.set(file, id.slice(id.lastIndexOf(':') + 1));
  return [file];
}

function idsOf(draft: string, files: readonly File[]): readonly string[] {
  return files.map((file) => fileId(draft, file));
}

function fileId(draft: string, file: File): string {
  const name = names.get(file) ?? randomUuid();
  names.set(file, name);
  return `${FILE}${draft}:${name}`;
}

/**
 * The database of what is being written. Its connection stays open, so that what is kept as the page
 * goes is written at once; browsers of phones lose one in the background, and then it is opened anew.
 *
 * All rows are in one store, also those of files: a new version of the database would have to wait
 * until no window of the earlier page is open.
 */
const NAME = 'tipline-draft';
const STORE = 'drafts';

/** Safari 14 sometimes never opens a database. Whoever writes waits for it, in milliseconds. */
const PATIENCE_MS = 3000;
/** Why a browser opens none for this page: it is private, or they are forbidden. */
const FORBIDDEN = ['InvalidStateError', 'SecurityError'];

let opened: Promise<IDBDatabase> | null = null;
let wasOpened = false;
let renewed = (): void => {};

/** This browser has no databases for this page, so there is nothing in one. */
export class NoDatabase extends Error {}

/**
 * Do something when another connection begins: after one that was lost, which may be to a new database,
 * and when a database opens that nobody has waited for.
 */
export function whenRenewed(act: () => void): void {
  renewed = act;
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
  renewed();
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
    let isLate = false;
    setTimeout(() => {
      isLate = true;
      reject(new Error('not opened'));
    }, PATIENCE_MS);
    try {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore(STORE, { keyPath: 'id' });
      };
      request.onsuccess = () => {
        wasOpened = true;
        request.result.onclose = lose;
        resolve(request.result);
        if (!isLate) return;
        opened ??= Promise.resolve(request.result);
        renewed();
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
