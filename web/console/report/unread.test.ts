import { expect, test } from 'vitest';

import { unreadOf } from './unread.ts';

const message = (id: string, minute: number, from = 'reporter') =>
  ({ id, from, sent_at: `2026-11-27T10:0${minute}:00Z` }) as never;
const position = (id: string, minute: number) =>
  ({ id, received_at: `2026-11-27T10:0${minute}:00Z` }) as never;

const MESSAGES = [message('m1', 1), message('ours', 2, 'officer'), message('m2', 3)];

function read(unread: number, positions: never[], messages = MESSAGES): string[][] {
  const found = unreadOf({ unread, messages, positions });
  return [[...found.messages], [...found.positions]];
}

test('the latest of messages and places are unread, as many as are counted', () => {
  expect(read(0, [position('p1', 4)])).toEqual([[], []]);
  expect(read(1, [position('p1', 4)])).toEqual([[], ['p1']]);
  expect(read(2, [position('p1', 4)])).toEqual([['m2'], ['p1']]);
  expect(read(1, [position('p1', 2)])).toEqual([['m2'], []]);
});

test('a message and a place of one minute are both marked when one of them is unread', () => {
  expect(read(1, [position('p1', 3)])).toEqual([['m2'], ['p1']]);
});

test('of two places of one minute the later one is unread', () => {
  expect(read(1, [position('p1', 4), position('p2', 4)])).toEqual([[], ['p2']]);
});
