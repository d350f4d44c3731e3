/**
 * A report that was begun, as its rows have it: one row of its words, and one of each file. So whoever
 * writes on writes a small row alone, and a file is written once.
 */
import type { KeptDraft, KeptText } from './draft.ts';
import type { Form } from './form.ts';
import { randomUuid } from './outbox/uuid.ts';

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

export type Row = WordsRow | FileRow | WholeRow | KeptText;

/** The ids of files begin so; the draft's id and the file's name follow. */
const FILE = 'file:';

/** What files are called in the ids of their rows. */
const names = new WeakMap<File, string>();

/**
 * Write a draft over what is kept of it: of its files only what has come or gone. `before` has the ids
 * of those that are kept. Return the ids of those that are kept now.
 */
export function writeDraft(
  store: IDBObjectStore,
  { id, form, files, at }: KeptDraft,
  before: readonly string[],
): readonly string[] {
  const ids = files.map((file) => fileId(id, file));
  files.forEach((file, place) => {
    if (!before.includes(ids[place] ?? '')) store.put({ id: ids[place], file });
  });
  for (const gone of before) if (!ids.includes(gone)) store.delete(gone);
  store.put({ id, words: form, files: ids, at });
  return ids;
}

/** Return a draft with no other files than those that are kept already. */
export function withKeptFiles(draft: KeptDraft, kept: readonly string[]): KeptDraft {
  return { ...draft, files: draft.files.filter((file) => kept.includes(fileId(draft.id, file))) };
}

/** Erase a draft with its files. */
export function removeDraft(store: IDBObjectStore, id: string): void {
  store.delete(id);
  // Nothing in an id sorts behind this sign.
  store.delete(IDBKeyRange.bound(`${FILE}${id}:`, `${FILE}${id}:\uffff`));
}

/** Return the ids of the files that a row refers to. */
export function fileIdsOf(row: Row | undefined): readonly string[] {
  return row && 'words' in row ? row.files : [];
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
  const wanted = new Set(rows.flatMap(fileIdsOf));
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

function fileId(draft: string, file: File): string {
  const name = names.get(file) ?? randomUuid();
  names.set(file, name);
  return `${FILE}${draft}:${name}`;
}
