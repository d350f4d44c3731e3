import { expect, test } from 'vitest';

import { folded } from './folded.ts';

function entry(minute: number, by: string, action: string, detail: object | null = null) {
  const at = `2026-11-26T12:${String(minute).padStart(2, '0')}:00Z`;
  return { at, by, action, detail, verified: true };
}

function lines(entries: ReturnType<typeof entry>[]) {
  return folded(entries).map(({ item, count }) => `${item.by} ${item.action} ${count}`);
}

test('readings of one officer within a few minutes are one line, and every step stays', () => {
  const record = [
    entry(0, 'li', 'open'),
    entry(1, 'zhao', 'open'),
    entry(2, 'li', 'change'),
    entry(2, 'li', 'open'),
    entry(3, 'zhao', 'change'),
    entry(30, 'li', 'open'),
  ];
  expect(lines(record)).toEqual([
    'li open 2',
    'zhao open 1',
    'li change 1',
    'zhao change 1',
    'li open 1',
  ]);
  expect(folded(record)[0]?.until).toBe('2026-11-26T12:02:00Z');
});

test('the record that is read with what it is about is no second reading', () => {
  expect(lines([entry(0, 'li', 'open'), entry(0, 'li', 'open', { part: 'history' })])).toEqual([
    'li open 1',
  ]);
});

test('a reading for a reason stands by itself', () => {
  const withReason = entry(1, 'zhao', 'open', { reason: 'A threat.' });
  expect(lines([entry(0, 'zhao', 'open'), withReason])).toEqual(['zhao open 1', 'zhao open 1']);
  const altered = { ...entry(1, 'li', 'open'), verified: false };
  expect(lines([entry(0, 'li', 'open'), altered])).toHaveLength(2);
});
