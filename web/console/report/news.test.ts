import { expect, test } from 'vitest';

import { newsOf } from './news.ts';

const MEDIUM = { from: 'reporter', state: 'ready' } as never;
const SHOWN = { status: 'closed', version: 3, unread: 1, media: [MEDIUM] } as const;
const ROW = { status: 'closed', version: 3, unread: 1, media: { total: 1, ready: 1 } } as const;
const shown = { ...SHOWN, media: [...SHOWN.media] };

test('a report that is as it was has no news', () => {
  expect(newsOf(shown, ROW, false)).toEqual([]);
});

test('a reopening by the reporter is not called a change of a colleague', () => {
  expect(newsOf(shown, { ...ROW, status: 'acknowledged' }, true)).toEqual(['reopened']);
  expect(newsOf(shown, { ...ROW, status: 'in_progress', version: 4 }, true)).toEqual(['changed']);
  expect(newsOf(shown, { ...ROW, status: 'withdrawn', version: 4 }, true)).toEqual(['withdrawn']);
});

test('what is unread beyond the messages that were read is a place', () => {
  expect(newsOf(shown, { ...ROW, unread: 2 }, false)).toEqual(['message']);
  expect(newsOf(shown, { ...ROW, unread: 2 }, true)).toEqual(['place']);
});

test('a new file and one that is ready are two different news', () => {
  expect(newsOf(shown, { ...ROW, media: { total: 2, ready: 1 } }, true)).toEqual(['media']);
  const processing = { ...shown, media: [{ from: 'reporter', state: 'processing' } as never] };
  expect(newsOf(processing, ROW, true)).toEqual(['ready']);
});

test('a picture that officers have sent is no news of the reporter', () => {
  const ours = { from: 'officer', state: 'processing' } as never;
  expect(newsOf({ ...SHOWN, media: [MEDIUM, ours] }, ROW, true)).toEqual([]);
});
