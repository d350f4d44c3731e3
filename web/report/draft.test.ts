import { IDBFactory, IDBKeyRange, IDBObjectStore } from 'fake-indexeddb';
import { beforeEach, expect, test, vi } from 'vitest';

import { emptyForm } from './form.ts';
import { result } from './request.ts';

type Drafts = typeof import('./draft.ts');

const draft = (id: string, text: string, at = 1) => ({
  id,
  form: { ...emptyForm('other'), text },
  files: [],
  at,
});
const file = (name: string) => ({ name }) as unknown as File;
let drafts: Drafts;

/** All connections that were opened. */
let open: IDBDatabase[] = [];

/** A factory that remembers its connections. */
class Factory extends IDBFactory {
  override open(name: string, version?: number): IDBOpenDBRequest {
    const request = super.open(name, version) as unknown as IDBOpenDBRequest;
    request.addEventListener('success', () => open.push(request.result));
    return request;
  }
}

beforeEach(async () => {
  open = [];
  vi.stubGlobal('indexedDB', new Factory());
  vi.stubGlobal('IDBKeyRange', IDBKeyRange);
  drafts = await opened();
});

test('a draft is found after a reload', async () => {
  expect(await drafts.keepDraft(draft('a', 'Half a sent'), [])).toBe('kept');
  drafts = await opened();
  expect((await drafts.readDrafts()).map(({ form }) => form.text)).toEqual(['Half a sent']);
});

test('each report has a draft of its own, the oldest first', async () => {
  await drafts.keepDraft(draft('a', 'One', 2), []);
  await drafts.keepDraft(draft('b', 'Other', 1), []);
  await drafts.keepDraft(draft('a', 'One more', 3), [2]);
  expect((await drafts.readDrafts()).map(({ form }) => form.text)).toEqual(['Other', 'One more']);
});

test('what is erased is gone, and nothing else', async () => {
  await drafts.keepDraft(draft('a', 'One'), []);
  await drafts.keepDraft(draft('b', 'Other'), []);
  const before = drafts.draftChanges.value;
  await drafts.eraseDraft('a');
  expect((await drafts.readDrafts()).map(({ id }) => id)).toEqual(['b']);
  expect(drafts.draftChanges.value).toBe(before + 1);
});

test('texts for reports are apart from reports, and erased for one report or all', async () => {
  await drafts.keepDraft(draft('a', 'One'), []);
  for (const id of ['text:R1:messages', 'text:R1:reopen', 'text:R12:messages', 'text:R2:messages']) {
    await drafts.keepText({ id, text: id, at: 1 });
  }
  const left = async () => (await drafts.readTexts()).map(({ id }) => id);
  await drafts.eraseTexts('text:R1:');
  expect(await left()).toEqual(['text:R12:messages', 'text:R2:messages']);
  await drafts.eraseTexts();
  expect(await left()).toEqual([]);
  expect((await drafts.readDrafts()).map(({ id }) => id)).toEqual(['a']);
});

test('what the database cannot hold lasts as long as the page, and its words longer', async () => {
  // No database takes a function.
  const file = (() => null) as unknown as File;
  expect(await drafts.keepDraft({ ...draft('a', 'One'), files: [file] }, [])).toBe('partly');
  expect(drafts.isInMemory()).toBe(true);
  expect((await drafts.readDrafts()).map(({ files }) => files)).toEqual([[file]]);
  const [left] = await (await opened()).readDrafts();
  expect([left?.form.text, left?.files]).toEqual(['One', []]);
  await drafts.keepDraft(draft('a', 'One more'), []);
  expect((await drafts.readDrafts()).map(({ form, files }) => [form.text, files])).toEqual([['One more', []]]);
});

test('a file that comes or goes is written alone, and the files keep their order', async () => {
  const [a, b, c] = [file('a'), file('b'), file('c')];
  const put = vi.spyOn(IDBObjectStore.prototype, 'put');
  const written = () => put.mock.calls.splice(0).map(([row]) => (row as { file?: File }).file?.name);
  await drafts.keepDraft({ ...draft('a', 'One', 1), files: [a, b] }, []);
  expect(written()).toEqual(['a', 'b', undefined]);
  await drafts.keepDraft({ ...draft('a', 'One', 2), files: [b, c] }, [1]);
  expect(written()).toEqual(['c', undefined]);
  drafts = await opened();
  const [left] = await drafts.readDrafts();
  expect(namesOf(left)).toEqual(['b', 'c']);
  // At once, nothing can be read first.
  await drafts.keepDraft({ ...draft('a', 'Two', 3), files: left?.files ?? [] });
  expect(written()).toEqual([undefined]);
  put.mockRestore();
  await drafts.eraseDraft('a');
  expect(await allIds()).toEqual([]);
});

test('a draft whose new file finds no room stays as it was, but for its words', async () => {
  // No database takes a function.
  const large = (() => null) as unknown as File;
  const known = file('known');
  await drafts.keepDraft({ ...draft('a', 'One', 1), files: [known] }, []);
  const more = { ...draft('a', 'Two', 2), files: [file('small'), large, known] };
  expect(await drafts.keepDraft(more, [1])).toBe('partly');
  expect(await allIds()).toHaveLength(2);
  const [left] = await (await opened()).readDrafts();
  expect([left?.form.text, namesOf(left)]).toEqual(['Two', ['known']]);
});

test('what an earlier page has kept in one row is read, moved when it changes, and erased', async () => {
  await drafts.readDrafts(); // so that there is a database
  await within((store) => store.put({ ...draft('a', 'Begun', 1), files: [file('photo')] }));
  const [begun] = await drafts.readDrafts();
  expect([begun?.form.text, namesOf(begun)]).toEqual(['Begun', ['photo']]);
  await drafts.keepDraft({ ...draft('a', 'More', 2), files: begun?.files ?? [] }, [1]);
  const [left] = await (await opened()).readDrafts();
  expect([left?.form.text, namesOf(left)]).toEqual(['More', ['photo']]);
  expect(await allIds()).toHaveLength(2);
  await drafts.eraseDraft('a');
  expect(await allIds()).toEqual([]);
});

test('no half of a draft is shown or left: neither files without words nor words of erased files', async () => {
  const photo = file('photo');
  await drafts.keepDraft({ ...draft('a', 'One', 1), files: [photo] }, []);
  // A page of an earlier version knows of no other row.
  await within((store) => store.delete('a'));
  await drafts.keepDraft({ ...draft('b', 'Other', 1), files: [photo] }, []);
  await (await opened()).eraseDraft('b');
  // It is hidden before it hears of that.
  await drafts.keepDraft({ ...draft('b', 'Last words', 2), files: [photo] });
  expect(await drafts.readDrafts()).toEqual([]);
  await vi.waitFor(async () => expect(await allIds()).toEqual([]), { timeout: 20_000 });
});

test('the files of a draft are written again when the database may be a new one', async () => {
  const photo = file('photo');
  await drafts.keepDraft({ ...draft('a', 'One', 1), files: [photo] }, []);
  await within((store) => store.clear());
  for (const database of open) database.close();
  await drafts.keepDraft({ ...draft('a', 'Two', 2), files: [photo] });
  const [left] = await (await opened()).readDrafts();
  expect([left?.form.text, namesOf(left)]).toEqual(['Two', ['photo']]);
});

test('what another page has erased is not kept again, and what it has changed is not lost', async () => {
  await drafts.keepDraft(draft('a', 'One', 1), []);
  expect(await drafts.keepDraft(draft('a', 'Two', 2), [1])).toBe('kept');
  // A page that knows the first one alone.
  expect(await drafts.keepDraft(draft('a', 'Old', 3), [1])).toBe('other');
  expect((await drafts.readDrafts()).map(({ form }) => form.text)).toEqual(['Two']);
  expect(await drafts.isGone('a')).toBe(false);
  await drafts.eraseDraft('a');
  expect(await drafts.keepDraft(draft('a', 'Two', 4), [2])).toBe('gone');
  expect(await drafts.isGone('a')).toBe(true);
  expect(await drafts.readDrafts()).toEqual([]);
});

test('an emptied report is erased, but not what another page has written in it', async () => {
  await drafts.keepDraft(draft('a', 'One', 1), []);
  await drafts.keepDraft(draft('b', 'Other', 1), []);
  await drafts.keepDraft(draft('b', 'Newer', 2), [1]);
  await drafts.eraseDraft('a', [1]);
  await drafts.eraseDraft('b', [1]);
  expect(await words()).toEqual(['Newer']);
});

test('what the outbox is about to take is no draft, and is one again if it does not take it', async () => {
  await drafts.keepDraft(draft('a', 'One'), []);
  const refused = drafts.handOver('a', async () => {
    expect(await drafts.readDrafts()).toEqual([]);
    throw new Error('no room');
  });
  await expect(refused).rejects.toThrow('no room');
  expect((await drafts.readDrafts()).map(({ id }) => id)).toEqual(['a']);
  expect(await drafts.handOver('a', async () => 'taken')).toBe('taken');
  expect(await (await opened()).readDrafts()).toEqual([]);
});

test('a draft that the outbox has is gone, but not while it is handed over', async () => {
  await drafts.keepDraft(draft('a', 'One'), []);
  await drafts.handOver('a', async () => {
    drafts.eraseTaken(['a']);
    expect(await drafts.isGone('a')).toBe(false);
  });
  await drafts.keepDraft(draft('b', 'Other'), []);
  drafts.eraseTaken(['b']);
  expect(await drafts.readDrafts()).toEqual([]);
  expect(await drafts.isGone('b')).toBe(true);
});

test('a connection that the browser has closed is opened anew', async () => {
  await drafts.keepDraft(draft('a', 'One'), []);
  for (const database of open) database.close();
  expect(await drafts.keepDraft(draft('a', 'Two'), [1])).toBe('kept');
  for (const database of open) database.close();
  expect(await drafts.eraseDraft('a')).toBe(true);
  expect(await (await opened()).readDrafts()).toEqual([]);
});

test('without databases a draft lasts as long as the page, and is not called kept', async () => {
  vi.stubGlobal('indexedDB', undefined);
  drafts = await opened();
  expect(await drafts.keepDraft(draft('a', 'One'), [])).toBe('not');
  expect(drafts.isInMemory()).toBe(true);
  expect((await drafts.readDrafts()).map(({ id }) => id)).toEqual(['a']);
  expect(await drafts.eraseDraft('a')).toBe(true);
  expect(await drafts.readDrafts()).toEqual([]);
});

/** The words of all reports that were begun. */
async function words(): Promise<string[]> {
  return (await drafts.readDrafts()).map(({ form }) => form.text);
}

function namesOf(one: { readonly files: readonly File[] } | undefined): string[] | undefined {
  return one?.files.map(({ name }) => name);
}

/** The ids of all rows, as they are on the disk. */
async function allIds(): Promise<IDBValidKey[]> {
  return within((store) => store.getAllKeys());
}

/** Do something with the rows past the module. */
async function within<T>(act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await result(indexedDB.open('tipline-draft', 1));
  const value = await result(act(database.transaction('drafts', 'readwrite').objectStore('drafts')));
  database.close();
  return value;
}

/** Return the module as a page that was just opened has it. */
async function opened(): Promise<Drafts> {
  vi.resetModules();
  return import('./draft.ts');
}
