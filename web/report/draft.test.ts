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

beforeEach(async () => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  vi.stubGlobal('IDBKeyRange', IDBKeyRange);
  drafts = await opened();
});

test('a draft is found after a reload', async () => {
  expect(await drafts.keepDraft(draft('a', 'Half a sent'))).toBe(true);
  drafts = await opened();
  expect((await drafts.readDrafts()).map(({ form }) => form.text)).toEqual(['Half a sent']);
});

test('each report has a draft of its own, the oldest first', async () => {
  await drafts.keepDraft(draft('a', 'One', 2));
  await drafts.keepDraft(draft('b', 'Other', 1));
  await drafts.keepDraft(draft('a', 'One more', 3));
  expect((await drafts.readDrafts()).map(({ form }) => form.text)).toEqual(['Other', 'One more']);
});

test('what is erased is gone, and nothing else', async () => {
  await drafts.keepDraft(draft('a', 'One'));
  await drafts.keepDraft(draft('b', 'Other'));
  const before = drafts.draftChanges.value;
  await drafts.eraseDraft('a');
  expect((await drafts.readDrafts()).map(({ id }) => id)).toEqual(['b']);
  expect(drafts.draftChanges.value).toBe(before + 1);
});

test('texts for reports are apart from reports, and erased for one report or all', async () => {
  await drafts.keepDraft(draft('a', 'One'));
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
  expect(await drafts.keepDraft({ ...draft('a', 'One'), files: [file] })).toBe(false);
  expect((await drafts.readDrafts()).map(({ files }) => files)).toEqual([[file]]);
  const [left] = await (await opened()).readDrafts();
  expect([left?.form.text, left?.files]).toEqual(['One', []]);
  await drafts.keepDraft(draft('a', 'One more'));
  expect((await drafts.readDrafts()).map(({ form, files }) => [form.text, files])).toEqual([['One more', []]]);
});

test('without databases a draft lasts as long as the page, and is not called kept', async () => {
  vi.stubGlobal('indexedDB', undefined);
  drafts = await opened();
  expect(await drafts.keepDraft(draft('a', 'One'))).toBe(false);
  expect((await drafts.readDrafts()).map(({ id }) => id)).toEqual(['a']);
  await drafts.eraseDraft('a');
  expect(await drafts.readDrafts()).toEqual([]);
});

/** Return the module as a page that was just opened has it. */
async function opened(): Promise<Drafts> {
  vi.resetModules();
  return import('./draft.ts');
}
