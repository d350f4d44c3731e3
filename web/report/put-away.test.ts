import { IDBDatabase, IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { beforeEach, expect, test, vi } from 'vitest';

import { emptyForm } from './form.ts';
import type { Outbox } from '../../sdk/outbox/types.ts';

const WORD = 'plum blossom';
const MESSAGE = { id: 'text:R1:messages', text: 'Begun here', at: 1 };
const ENTRY = { id: 'E1' };
const marks = new Map<string, string>();

beforeEach(() => {
  marks.clear();
  vi.stubGlobal('indexedDB', new IDBFactory());
  vi.stubGlobal('IDBKeyRange', IDBKeyRange);
  vi.stubGlobal('BroadcastChannel', undefined);
  vi.stubGlobal('navigator', {});
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => marks.get(key) ?? null,
    setItem: (key: string, value: string) => marks.set(key, value),
    removeItem: (key: string) => marks.delete(key),
  });
});

test('what is begun goes from the phone when nobody has chosen a word', async () => {
  const page = await opened();
  await begin(page);
  await page.leave();
  expect(await page.begun()).toEqual({ drafts: [], texts: [], key: null });
  expect(marks.size).toBe(0);
  expect(await (await opened()).openWord(WORD, outbox())).toBe(false);
});

test('what is kept under a word comes back with its files, its texts and its receipts', async () => {
  const page = await opened();
  await begin(page);
  await page.chooseWord(WORD, outbox());
  // A reload: the page has the word no more, and the phone has its key.
  await (await opened()).leave();
  const next = await opened();
  expect((await next.begun()).drafts).toEqual([]);
  const box = outbox();
  expect(await next.openWord(' Plum Blossom', box)).toBe(true);
  const { drafts, texts, key } = await next.begun();
  expect(drafts.map(({ form }) => form.text)).toEqual(['He hits her']);
  const said = drafts.flatMap(({ files }) => files.map(({ size, lastModified }) => [size, lastModified]));
  expect(said).toEqual([[3, 5]]);
  expect(texts).toEqual([MESSAGE]);
  expect(box.back).toEqual([ENTRY]);
  // From now on it is on the phone again, and leaving keeps it under the word again.
  expect(key).not.toBeNull();
  await next.leave();
  expect(await (await opened()).openWord(WORD, outbox())).toBe(true);
});

test('another word finds nothing, and what is kept stays', async () => {
  const next = await leftUnderWord();
  expect(await next.openWord('another word', outbox())).toBe(false);
  await begin(next);
  await next.leave();
  expect(await (await opened()).openWord(WORD, outbox())).toBe(true);
});

test('whoever chooses the same word again has both reports', async () => {
  const next = await leftUnderWord();
  await begin(next, 'D2');
  await next.chooseWord(WORD, outbox());
  expect((await next.begun()).drafts.map(({ id }) => id).sort()).toEqual(['D1', 'D2']);
});

test('whether something is kept shows in no size', async () => {
  const page = await opened();
  await page.leaveAsEachVisit();
  const before = await sizes();
  await begin(page);
  await page.chooseWord(WORD, outbox());
  await page.leave();
  expect(await sizes()).toEqual(before);
});

test('files that find no room are left out, and all words are kept', async () => {
  const next = await leftUnderWord(new File([new Uint8Array(5 << 20)], 'large.jpg'));
  await next.openWord(WORD, outbox());
  const { drafts } = await next.begun();
  expect(drafts.map(({ form, files }) => [form.text, files.length])).toEqual([['He hits her', 0]]);
});

test('what a page could not put away is put away by the next one', async () => {
  const page = await opened();
  await begin(page);
  const lost = vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(() => {
    throw new DOMException('', 'InvalidStateError');
  });
  await expect(page.leave()).rejects.toThrow();
  lost.mockRestore();
  const next = await opened();
  expect(next.isLeft()).toBe(true);
  await next.putAway(outbox());
  expect([(await next.begun()).drafts, marks.size]).toEqual([[], 0]);
});

const FILE = new File(['abc'], 'a.jpg', { lastModified: 5 });

type Page = ReturnType<typeof opened> extends Promise<infer Opened> ? Opened : never;

/** Open the page anew. */
async function opened() {
  vi.resetModules();
  const away = await import('./put-away.ts');
  const drafts = await import('./draft.ts');
  const leave = async (): Promise<void> => {
    away.markLeft(true);
    await away.finishWork();
    await away.putAway(outbox());
  };
  return { ...away, drafts, leave, begun: drafts.readBegun };
}

/** Begin a report with a file, and a message. */
async function begin({ drafts }: Page, id = 'D1', file = FILE): Promise<void> {
  const form = { ...emptyForm('other'), text: 'He hits her' };
  const draft = { id, form, files: [file], at: 1 };
  let known: number[] = [];
  while ((await drafts.keepDraft(draft, known)) === 'more') known = [1];
  await drafts.keepText(MESSAGE);
}

/** Begin a report, leave the page with it under a word, and open the page anew. */
async function leftUnderWord(file = FILE): Promise<Page> {
  const page = await opened();
  await begin(page, 'D1', file);
  await page.chooseWord(WORD, outbox());
  await page.leave();
  return opened();
}

/** An outbox with one entry. */
function outbox(): Outbox & { back: unknown[] } {
  const back: unknown[] = [];
  return {
    back,
    leave: (keep: (entries: readonly unknown[]) => Promise<void>) => keep([ENTRY]),
    comeBack: async (entries: readonly unknown[]) => void back.push(...entries),
  } as unknown as Outbox & { back: unknown[] };
}

async function sizes(): Promise<unknown> {
  const open = indexedDB.open('tipline-safe');
  await new Promise((resolve) => (open.onsuccess = resolve));
  const rows = open.result.transaction('safe').objectStore('safe').getAll();
  await new Promise((resolve) => (rows.onsuccess = resolve));
  open.result.close();
  return (rows.result as { salt: Uint8Array; iv: Uint8Array; sealed: ArrayBuffer }[]).map(
    ({ salt, iv, sealed }) => [salt.length, iv.length, sealed.byteLength],
  );
}
