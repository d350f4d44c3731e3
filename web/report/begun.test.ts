import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { beforeEach, expect, test, vi } from 'vitest';

import { FakeChannels } from '../../sdk/outbox/testing/pages.ts';

type Begun = typeof import('./begun.ts');

// A busy machine may take its time.
const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 20_000 });

const MESSAGE = 'text:R1:messages';
beforeEach(() => {
  const channels = new FakeChannels();
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.stubGlobal('indexedDB', new IDBFactory());
  vi.stubGlobal('IDBKeyRange', IDBKeyRange);
  vi.stubGlobal('addEventListener', () => {});
  // `new` takes what a function returns, if it is an object.
  vi.stubGlobal('BroadcastChannel', function open() {
    return channels.open();
  });
});

test('what one tab has sent is gone in the other, and not kept again', async () => {
  const [one, other] = await twoTabs('Begun here');
  await one.forgetSent(MESSAGE);
  await eventually(() => expect(other.wordsOf(MESSAGE)).toBe(''));
  other.write(MESSAGE, `${other.wordsOf(MESSAGE)}!`);
  await eventually(async () => expect(await kept()).toEqual(['!']));
});

test('newer words of another tab stay when the older ones are sent', async () => {
  const [one, other] = await twoTabs('Begun here');
  vi.setSystemTime(Date.now() + 1000);
  other.write(MESSAGE, 'Other words');
  await one.forgetSent(MESSAGE);
  await eventually(async () => expect(await kept()).toEqual(['Other words']));
  expect(other.wordsOf(MESSAGE)).toBe('Other words');
});

test('words that are being taken are not begun, and are given once', async () => {
  const tab = await begunWith('Taken once');
  const taken: string[] = [];
  let end = (): void => {};
  const take = (): Promise<void> => {
    taken.push(tab.wordsOf(MESSAGE));
    return new Promise((resolve) => {
      end = resolve;
    });
  };
  const giving = tab.giveWords(MESSAGE, take);
  await tab.giveWords(MESSAGE, take);
  expect(taken).toEqual(['Taken once']);
  expect(tab.begunTexts()).toEqual([]);
  end();
  await giving;
  expect([tab.wordsOf(MESSAGE), await kept()]).toEqual(['', []]);
});

test('words that could not be taken are begun again', async () => {
  const tab = await begunWith('Not taken');
  const giving = tab.giveWords(MESSAGE, () => Promise.reject(new Error('no room')));
  await expect(giving).rejects.toThrow('no room');
  expect(tab.begunTexts().map(({ text }) => text)).toEqual(['Not taken']);
  expect(await kept()).toEqual(['Not taken']);
});

test('words that are to be kept now are, without a pause', async () => {
  const tab = await opened();
  expect(await tab.writeNow(MESSAGE, 'Kept at once')).toBe(true);
  expect(await kept()).toEqual(['Kept at once']);
});

/** Open a tab. */
async function opened(): Promise<Begun> {
  vi.resetModules();
  const begun = await import('./begun.ts');
  await begun.loadTexts();
  return begun;
}

/** A tab that has begun a message. */
async function begunWith(words: string): Promise<Begun> {
  const tab = await opened();
  tab.write(MESSAGE, words);
  await eventually(async () => expect(await kept()).toEqual([words]));
  return tab;
}

/** Two tabs that show the same message. */
async function twoTabs(words: string): Promise<[Begun, Begun]> {
  const one = await begunWith(words);
  const other = await opened();
  expect(other.wordsOf(MESSAGE)).toBe(words);
  return [one, other];
}

/** The words on the phone, as a page sees them that is opened now. */
async function kept(): Promise<string[]> {
  vi.resetModules();
  const { readTexts } = await import('./draft.ts');
  return (await readTexts()).map(({ text }) => text);
}
