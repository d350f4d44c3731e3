import { IDBFactory, IDBKeyRange, IDBObjectStore } from 'fake-indexeddb';
import { beforeEach, expect, test, vi } from 'vitest';

import type { Keeping, KeptDraft } from './draft.ts';
import { emptyForm } from './form.ts';
import type { Begun, Entry } from '../../sdk/outbox/types.ts';
import { result } from '../../sdk/request.ts';

type Drafts = typeof import('./draft.ts');

const draft = (id: string, text: string, at = 1) => ({
  id,
  form: { ...emptyForm('other'), text },
  files: [],
  at,
});
/** What the outbox has of it. */
const entry = (begun: Begun, more: Partial<Entry> = {}) =>
  ({ begun, kept: true, state: 'waiting', files: [], ...more }) as unknown as Entry;
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
  expect(await keepAll({ ...draft('a', 'One'), files: [file] })).toBe('partly');
  expect(drafts.isInMemory()).toBe(true);
  expect((await drafts.readDrafts()).map(({ files }) => files)).toEqual([[file]]);
  const [left] = await (await opened()).readDrafts();
  expect([left?.form.text, left?.files]).toEqual(['One', []]);
  await drafts.keepDraft(draft('a', 'One more'), [1]);
  expect((await drafts.readDrafts()).map(({ form, files }) => [form.text, files])).toEqual([['One more', []]]);
});

test('a file that comes or goes is written alone, and the files keep their order', async () => {
  const [a, b, c] = [file('a'), file('b'), file('c')];
  const put = vi.spyOn(IDBObjectStore.prototype, 'put');
  const rows = () => put.mock.calls.splice(0).map(([row]) => (row as { file?: File }).file?.name);
  const written = () => rows().filter((name) => name !== undefined);
  await keepAll({ ...draft('a', 'One', 1), files: [a, b] });
  expect(written()).toEqual(['a', 'b']);
  await keepAll({ ...draft('a', 'One', 2), files: [b, c] }, [1]);
  expect(written()).toEqual(['c']);
  drafts = await opened();
  const [left] = await drafts.readDrafts();
  expect(namesOf(left)).toEqual(['b', 'c']);
  // At once, nothing can be read first.
  await drafts.keepDraft({ ...draft('a', 'Two', 3), files: left?.files ?? [] }, [2], { atOnce: true });
  expect(rows()).toEqual([undefined]);
  put.mockRestore();
  await drafts.eraseDraft('a');
  expect(await allIds()).toEqual([]);
});

test('words come before files, and each file waits for no other', async () => {
  const given = { ...draft('a', 'One', 1), files: [file('a'), file('b')] };
  const left = async () => (await (await opened()).readDrafts())[0];
  expect(await drafts.keepDraft(given, [])).toBe('more');
  expect(namesOf(await left())).toEqual(['a']);
  const words = { ...given, form: draft('a', 'Two').form, at: 2 };
  expect(await drafts.keepDraft(words, [1])).toBe('more');
  expect([(await left())?.form.text, namesOf(await left())]).toEqual(['Two', ['a', 'b']]);
  expect(await drafts.keepDraft({ ...words, at: 3 }, [1, 2])).toBe('kept');
  expect(drafts.isInMemory()).toBe(false);
});

test('a file that finds no room takes no other with it, and is not tried with each word', async () => {
  // No database takes a function.
  const large = (() => null) as unknown as File;
  const known = file('known');
  await keepAll({ ...draft('a', 'One', 1), files: [known] });
  const files = [file('small'), large, known];
  expect(await keepAll({ ...draft('a', 'Two', 2), files }, [1])).toBe('partly');
  expect(await allIds()).toHaveLength(3);
  const [left] = await (await opened()).readDrafts();
  expect([left?.form.text, namesOf(left)]).toEqual(['Two', ['small', 'known']]);
  const put = vi.spyOn(IDBObjectStore.prototype, 'put');
  expect(await drafts.keepDraft({ ...draft('a', 'Three', 3), files }, [2])).toBe('partly');
  expect(put).toHaveBeenCalledTimes(1);
  put.mockRestore();
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
  await keepAll({ ...draft('a', 'One', 1), files: [photo] });
  // A page of an earlier version knows of no other row.
  await within((store) => store.delete('a'));
  await keepAll({ ...draft('b', 'Other', 1), files: [photo] });
  await (await opened()).eraseDraft('b');
  // It is hidden before it hears of that.
  await drafts.keepDraft({ ...draft('b', 'Last words', 2), files: [photo] }, [1], { atOnce: true });
  expect(await drafts.readDrafts()).toEqual([]);
  await vi.waitFor(async () => expect(await allIds()).toEqual([]), { timeout: 20_000 });
});

test('the files of a draft stay when the connection was lost, also in the last moment', async () => {
  const files = [file('photo')];
  await keepAll({ ...draft('a', 'One', 1), files });
  for (const database of open) database.close();
  await drafts.keepDraft({ ...draft('a', 'Two', 2), files }, [1], { atOnce: true });
  const [left] = await (await opened()).readDrafts();
  expect([left?.form.text, namesOf(left)]).toEqual(['Two', ['photo']]);
});

test('what is in memory alone replaces nothing that another page has changed or erased', async () => {
  const large = (() => null) as unknown as File;
  const partly = { ...draft('a', 'One', 1), files: [large] };
  await keepAll(partly);
  await (await opened()).keepDraft(draft('a', 'Newer', 2), [1]);
  expect(await drafts.keepDraft({ ...partly, at: 3 }, [1])).toBe('other');
  expect(await words()).toEqual(['Newer']);
  await (await opened()).eraseDraft('a');
  expect(await drafts.keepDraft({ ...partly, at: 4 }, [2])).toBe('gone');
  expect([await words(), drafts.isInMemory()]).toEqual([[], false]);
});

test('a database that never opens keeps nobody waiting, and erases nothing', async () => {
  vi.useFakeTimers();
  vi.stubGlobal('indexedDB', { open: () => ({}) });
  drafts = await opened();
  const keeping = drafts.keepDraft(draft('a', 'One'), []);
  await vi.advanceTimersByTimeAsync(3000);
  expect(await keeping).toBe('not');
  const erasing = drafts.eraseDraft('a');
  await vi.advanceTimersByTimeAsync(3000);
  expect(await erasing).toBe(false);
  vi.useRealTimers();
});

test('what was begun is shown when the database opens late', async () => {
  await drafts.keepDraft(draft('a', 'One', 1), []);
  const real = indexedDB;
  const late: IDBOpenDBRequest[] = [];
  vi.useFakeTimers();
  vi.stubGlobal('indexedDB', { open: () => late[late.push({} as IDBOpenDBRequest) - 1] });
  drafts = await opened();
  const reading = drafts.readDrafts();
  await vi.advanceTimersByTimeAsync(3000);
  expect(await reading).toEqual([]);
  vi.useRealTimers();
  const changes = drafts.draftChanges.value;
  const database = await result(real.open('tipline-draft', 1));
  const [request] = late;
  Object.assign(request ?? {}, { result: database });
  request?.onsuccess?.(new Event('success'));
  expect(drafts.draftChanges.value).toBe(changes + 1);
  expect(await words()).toEqual(['One']);
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
  const refused = drafts.handOver('a', [1], async () => {
    expect(await drafts.readDrafts()).toEqual([]);
    throw new Error('no room');
  });
  await expect(refused).rejects.toThrow('no room');
  expect(await drafts.handOver('a', [1], async () => null)).toBe(null);
  expect((await drafts.readDrafts()).map(({ id }) => id)).toEqual(['a']);
  const taken = entry({ id: 'a', times: [1] });
  expect(await drafts.handOver('a', [1], async () => taken)).toBe(taken);
  expect(await (await opened()).readDrafts()).toEqual([]);
});

test('what another page has written on in it meanwhile stays a draft', async () => {
  await drafts.keepDraft(draft('a', 'One', 1), []);
  await (await opened()).keepDraft(draft('a', 'Newer', 2), [1]);
  await drafts.handOver('a', [1], async () => entry({ id: 'a', times: [1] }));
  drafts.noteTaken([entry({ id: 'a', times: [1] })]);
  expect(await words()).toEqual(['Newer']);
});

test('two pages do not hand over a draft at the same time', async () => {
  await drafts.keepDraft(draft('a', 'One'), []);
  const other = await opened();
  await drafts.handOver('a', [1], async (isAlone) => {
    expect(isAlone).toBe(true);
    return other.handOver('a', [1], async (isOtherAlone) => {
      expect(isOtherAlone).toBe(false);
      return null;
    });
  });
  expect(await words()).toEqual(['One']);
});

test('a draft that the outbox has is gone, but not while it is handed over', async () => {
  await drafts.keepDraft(draft('a', 'One'), []);
  await drafts.handOver('a', [1], async () => {
    drafts.noteTaken([entry({ id: 'a', times: [1] })]);
    expect(await drafts.isGone('a')).toBe(false);
    return null;
  });
  await drafts.keepDraft(draft('b', 'Other'), []);
  drafts.noteTaken([entry({ id: 'b', times: [1] })]);
  expect(await words()).toEqual(['One']);
  expect(await drafts.isGone('b')).toBe(true);
});

test('what the outbox has no room for stays on the phone, and is not listed, until it has arrived', async () => {
  for (const gone of ['sent', 'erased']) {
    const begun = { id: gone, times: [1] };
    await drafts.keepDraft(draft(gone, 'One'), []);
    const held = entry(begun, { files: [{ kept: false } as Entry['files'][number]] });
    await drafts.handOver(gone, [1], async () => held);
    drafts.noteTaken([held]);
    expect(await drafts.readDrafts()).toEqual([]);
    // Whoever opens the page again, after this one has died, has no files in the outbox.
    const next = await opened();
    next.noteTaken([held]);
    expect((await next.readDrafts()).map(({ id }) => id)).toEqual([gone]);
    const sent = { ...held, reportId: 'R', files: [{ kept: false, state: 'sent' }] };
    drafts.noteTaken(gone === 'sent' ? [sent as unknown as Entry] : []);
    expect(await drafts.isGone(gone)).toBe(true);
  }
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

/** Keep a draft with all of its files for which there is room. */
async function keepAll(given: KeptDraft, known: readonly number[] = []): Promise<Keeping> {
  let [keeping, times]: [Keeping, readonly number[]] = ['more', known];
  while (keeping === 'more') {
    keeping = await drafts.keepDraft(given, times);
    times = [...times, given.at];
  }
  return keeping;
}

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
