import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { beforeEach, expect, test, vi } from 'vitest';

import { emptyForm } from './form.ts';

type Drafts = typeof import('./draft.ts');

const draft = (id: string, text: string, at = 1) => ({
  id,
  form: { ...emptyForm('other'), text },
  files: [],
  at,
});
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
  expect(await drafts.keepDraft(draft('a', 'Half a sent'), null)).toBe('kept');
  drafts = await opened();
  expect((await drafts.readDrafts()).map(({ form }) => form.text)).toEqual(['Half a sent']);
});

test('each report has a draft of its own, the oldest first', async () => {
  await drafts.keepDraft(draft('a', 'One', 2), null);
  await drafts.keepDraft(draft('b', 'Other', 1), null);
  await drafts.keepDraft(draft('a', 'One more', 3), 2);
  expect((await drafts.readDrafts()).map(({ form }) => form.text)).toEqual(['Other', 'One more']);
});

test('what is erased is gone, and nothing else', async () => {
  await drafts.keepDraft(draft('a', 'One'), null);
  await drafts.keepDraft(draft('b', 'Other'), null);
  const before = drafts.draftChanges.value;
  await drafts.eraseDraft('a');
  expect((await drafts.readDrafts()).map(({ id }) => id)).toEqual(['b']);
  expect(drafts.draftChanges.value).toBe(before + 1);
});

test('texts for reports are apart from reports, and erased for one report or all', async () => {
  await drafts.keepDraft(draft('a', 'One'), null);
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
  expect(await drafts.keepDraft({ ...draft('a', 'One'), files: [file] }, null)).toBe('partly');
  expect(drafts.isInMemory()).toBe(true);
  expect((await drafts.readDrafts()).map(({ files }) => files)).toEqual([[file]]);
  const [left] = await (await opened()).readDrafts();
  expect([left?.form.text, left?.files]).toEqual(['One', []]);
  await drafts.keepDraft(draft('a', 'One more'), null);
  expect((await drafts.readDrafts()).map(({ form, files }) => [form.text, files])).toEqual([['One more', []]]);
});

test('what another page has erased is not kept again, and what it has changed is not lost', async () => {
  await drafts.keepDraft(draft('a', 'One', 1), null);
  expect(await drafts.keepDraft(draft('a', 'Two', 2), 1)).toBe('kept');
  // A page that knows the first one alone.
  expect(await drafts.keepDraft(draft('a', 'Old', 3), 1)).toBe('other');
  expect((await drafts.readDrafts()).map(({ form }) => form.text)).toEqual(['Two']);
  expect(await drafts.isGone('a')).toBe(false);
  await drafts.eraseDraft('a');
  expect(await drafts.keepDraft(draft('a', 'Two', 4), 2)).toBe('gone');
  expect(await drafts.isGone('a')).toBe(true);
  expect(await drafts.readDrafts()).toEqual([]);
});

test('the last words of a page that went are found by the next one', async () => {
  await drafts.keepDraft(draft('a', 'One', 1), null);
  await drafts.keepLastWords(draft('a', 'One and a half', 2), 1);
  await drafts.keepLastWords(draft('b', 'New', 3), null);
  expect(await words()).toEqual(['One and a half', 'New']);
  expect(await words()).toEqual(['One and a half', 'New']);
});

test('last words neither bring back what was erased nor write over what is newer', async () => {
  await drafts.keepDraft(draft('a', 'Erased', 1), null);
  await drafts.keepDraft(draft('b', 'Old', 1), null);
  await drafts.eraseDraft('a');
  await drafts.keepDraft(draft('b', 'Newer', 3), 1);
  await drafts.keepLastWords(draft('a', 'Erased!', 4), 1);
  await drafts.keepLastWords(draft('b', 'Old!', 5), 1);
  expect(await words()).toEqual(['Newer', 'Old!']);
});

test('a page that lives on keeps its last words once', async () => {
  await drafts.keepDraft(draft('a', 'One', 1), null);
  await drafts.keepLastWords(draft('a', 'Two', 2), 1);
  expect(await drafts.keepDraft(draft('a', 'Two', 2), 1)).toBe('kept');
  await drafts.keepLastWords(draft('a', 'Three', 3), 2);
  // Another page has settled them before.
  expect(await words()).toEqual(['Three']);
  expect(await drafts.keepDraft(draft('a', 'Three', 3), 2)).toBe('kept');
  await drafts.keepLastWords(draft('a', 'Four', 4), 3);
  await drafts.eraseDraft('a');
  expect(await words()).toEqual([]);
});

test('an emptied report is erased, but not what another page has written in it', async () => {
  await drafts.keepDraft(draft('a', 'One', 1), null);
  await drafts.keepDraft(draft('b', 'Other', 1), null);
  await drafts.keepDraft(draft('b', 'Newer', 2), 1);
  await drafts.eraseDraft('a', 1);
  await drafts.eraseDraft('b', 1);
  expect(await words()).toEqual(['Newer']);
});

test('what the outbox is about to take is no draft, and is one again if it does not take it', async () => {
  await drafts.keepDraft(draft('a', 'One'), null);
  const refused = drafts.handOver('a', async () => {
    expect(await drafts.readDrafts()).toEqual([]);
    throw new Error('no room');
  });
  await expect(refused).rejects.toThrow('no room');
  expect((await drafts.readDrafts()).map(({ id }) => id)).toEqual(['a']);
  expect(await drafts.handOver('a', async () => 'taken')).toBe('taken');
  expect(await (await opened()).readDrafts()).toEqual([]);
});

test('a connection that the browser has closed is opened anew', async () => {
  await drafts.keepDraft(draft('a', 'One'), null);
  for (const database of open) database.close();
  expect(await drafts.keepDraft(draft('a', 'Two'), null)).toBe('kept');
  for (const database of open) database.close();
  expect(await drafts.eraseDraft('a')).toBe(true);
  expect(await (await opened()).readDrafts()).toEqual([]);
});

test('without databases a draft lasts as long as the page, and is not called kept', async () => {
  vi.stubGlobal('indexedDB', undefined);
  drafts = await opened();
  expect(await drafts.keepDraft(draft('a', 'One'), null)).toBe('not');
  expect(drafts.isInMemory()).toBe(true);
  expect((await drafts.readDrafts()).map(({ id }) => id)).toEqual(['a']);
  expect(await drafts.eraseDraft('a')).toBe(true);
  expect(await drafts.readDrafts()).toEqual([]);
});

/** The words of all reports that were begun. */
async function words(): Promise<string[]> {
  return (await drafts.readDrafts()).map(({ form }) => form.text);
}

/** Return the module as a page that was just opened has it. */
async function opened(): Promise<Drafts> {
  vi.resetModules();
  return import('./draft.ts');
}
