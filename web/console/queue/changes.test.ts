import { expect, test } from 'vitest';

import type { Burst, ListedReport } from '../types.ts';
import { burstChanges, changesOf, goOnWith, isSeveral } from './list.ts';

function rows(...ids: string[]): ListedReport[] {
  return ids.map((id) => ({ id, unread: 0 }) as ListedReport);
}

test('a list that is the same has no changes', () => {
  const changes = changesOf(rows('a', 'b'), rows('a', 'b'), true);
  expect(changes).toMatchObject({ added: 0, moved: false });
  expect(changes.gone.size).toBe(0);
});

test('a row is brought up to date at its place', () => {
  const fresh = rows('b', 'a').map((row) => ({ ...row, unread: 2 }));
  const changes = changesOf(rows('a', 'b'), fresh, true);
  expect(changes.rows.map((row) => [row.id, row.unread])).toEqual([
    ['a', 2],
    ['b', 2],
  ]);
  expect(changes.moved).toBe(true);
});

test('new reports are counted and not shown', () => {
  const changes = changesOf(rows('a'), rows('n', 'm', 'a'), true);
  expect(changes.added).toBe(2);
  expect(changes.moved).toBe(false);
  expect(changes.rows.map((row) => row.id)).toEqual(['a']);
});

test('more can be new than one page has, when it ends with a new one', () => {
  expect(changesOf(rows('a'), rows('n', 'm'), false)).toMatchObject({ added: 2, more: true });
  expect(changesOf(rows('a'), rows('n', 'm'), true).more).toBe(false);
  expect(changesOf(rows('a', 'b'), rows('n', 'm', 'a'), false).more).toBe(false);
});

test('a row that was parted from those of its incident is no new report', () => {
  const [shown, parted] = rows('a', 'b').map((row) => ({ ...row, incident: { id: 'i', count: 30 } }));
  const changes = changesOf([shown] as ListedReport[], [shown, parted] as ListedReport[], true);
  expect(changes).toMatchObject({ added: 0, moved: true });
});

test('a report that the list has no more is known as gone', () => {
  expect([...changesOf(rows('a', 'b', 'c'), rows('a', 'c'), true).gone]).toEqual(['b']);
});

test('what stands behind the page that was read is not gone', () => {
  const changes = changesOf(rows('a', 'b', 'c', 'd'), rows('n', 'a', 'b'), false);
  expect(changes.gone.size).toBe(0);
});

test('of the new ones the critical are counted, but for drills', () => {
  const [critical, drill, other] = rows('c', 'd', 'o').map((row) => ({ ...row, status: 'new' }));
  const fresh = [
    { ...critical, urgency: 'critical' },
    { ...drill, urgency: 'critical', source: 'drill' },
    { ...other, urgency: 'high' },
  ] as ListedReport[];
  expect(changesOf([], fresh, true)).toMatchObject({ added: 3, critical: 1 });
});

test('only a row of one report is taken a step on, and known to be one', () => {
  const incident = { id: 'i', count: 30 };
  const of = (row: Partial<ListedReport>) => isSeveral(row as ListedReport);
  expect(of({ incident, stands_for: 29 })).toBe(true);
  expect(of({ incident })).toBe(true);
  expect(of({ incident, stands_for: 1 })).toBe(false);
  expect(of({ incident: { id: 'i', count: 1 } })).toBe(false);
  expect(of({ incident: null })).toBe(false);
});

function bursts(...counts: [string, number][]): Burst[] {
  return counts.map(([id, count]) => ({ id, count, is_exact: false }) as Burst);
}

test('a burst grows at its place, and a new one is held back', () => {
  const changes = burstChanges(bursts(['a', 5], ['b', 3]), bursts(['n', 1], ['b', 9], ['a', 5]));
  expect(changes.bursts.map(({ id, count }) => [id, count])).toEqual([
    ['a', 5],
    ['b', 9],
  ]);
  expect(changes).toMatchObject({ begun: 1, isOver: false });
});

test('a burst that is over keeps its place, with nothing left in it', () => {
  const changes = burstChanges(bursts(['a', 5]), []);
  expect(changes).toMatchObject({ begun: 0, isOver: true });
  expect(changes.bursts).toMatchObject([{ id: 'a', count: 0, is_exact: true }]);
});

test('whoever comes back from a report goes on where they were', () => {
  const before = ['a', 'b', 'c', 'd'];
  expect(goOnWith('b', before, before)).toBe('b');
  expect(goOnWith('b', before, ['new', 'a', 'b', 'c', 'd'])).toBe('b');
  expect(goOnWith('b', before, ['a', 'c', 'd', 'b'])).toBe('c');
  expect(goOnWith('b', before, ['a', 'd', 'b'])).toBe('d');
  expect(goOnWith('b', before, ['a', 'c'])).toBe('c');
  expect(goOnWith('d', before, ['d', 'a', 'b', 'c'])).toBe('d');
  expect(goOnWith('x', before, ['a', 'x'])).toBe('x');
  expect(goOnWith('d', before, ['a', 'b', 'c'])).toBeNull();
});
