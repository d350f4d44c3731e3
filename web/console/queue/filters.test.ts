import { expect, test } from 'vitest';

import type { ListedReport } from '../types.ts';
import { byAttention, countOf, filtersOf, hasBurst, isReversed, kept, keptFor, NO_FILTERS, queryOf } from './filters.ts';

test('without filters only the order is sent', () => {
  expect(queryOf(NO_FILTERS, 'li')).toEqual({ sort: 'attention' });
  expect(countOf(NO_FILTERS)).toBe(0);
});

test('each filter is sent in the words of the API', () => {
  const filters = {
    ...NO_FILTERS,
    category: 'other',
    status: 'new' as const,
    whose: 'me' as const,
    unread: true,
    needsAction: true,
  };
  expect(queryOf(filters, 'li')).toEqual({
    sort: 'attention',
    category: 'other',
    status: 'new',
    assignee: 'li',
    unread: true,
    needs_action: true,
  });
  expect(countOf(filters)).toBe(5);
});

test.each([
  ['2026-11-25', '2026-11-24', true],
  ['2026-11-24', '2026-11-24', false],
  ['2026-11-24', '', false],
  ['', '2026-11-24', false],
])('from %s until %s is reversed: %s', (from, until, reversed) => {
  expect(isReversed({ from, until })).toBe(reversed);
});

test('days are whole, by the clocks of the city, and the last one is included', () => {
  const filters = { ...NO_FILTERS, from: '2026-11-24', until: '2026-11-24' };
  expect(queryOf(filters, 'li')).toEqual({
    sort: 'attention',
    since: '2026-11-23T16:00:00.000Z',
    until: '2026-11-24T16:00:00.000Z',
  });
  expect(queryOf({ ...NO_FILTERS, until: '2026-11-24' }, 'li').since).toBeUndefined();
  expect(countOf(filters)).toBe(2);
});

test('what is done is listed by its time, since it needs nobody', () => {
  expect(queryOf({ ...NO_FILTERS, status: 'closed' }, 'li').sort).toBe('newest');
  expect(queryOf({ ...NO_FILTERS, status: 'withdrawn' }, 'li').sort).toBe('newest');
});

test("nobody's reports have no assignee", () => {
  expect(queryOf({ ...NO_FILTERS, whose: 'nobody' }, 'li').assignee).toBe('none');
});

test("a digest's address narrows the list", () => {
  expect(filtersOf('/console/reports?category=other&district=chaoyang')).toEqual({
    ...NO_FILTERS,
    category: 'other',
    district: 'chaoyang',
  });
});

test.each(['/console/', '/console/reports?category=', '/console/reports?category=A%22'])(
  '%s asks for no filter',
  (path) => {
    expect(filtersOf(path)).toBeNull();
  },
);

test.each([
  [{}, true],
  [{ category: 'child_abduction', district: 'chaoyang', status: 'new', whose: 'nobody' }, true],
  [{ unread: true, needsAction: true, urgency: 'critical' }, true],
  [{ sort: 'newest' }, false],
  [{ category: 'other' }, false],
  [{ status: 'acknowledged' }, false],
  [{ urgency: 'high' }, false],
  [{ whose: 'me' }, false],
  [{ from: '2026-11-24', until: '2026-11-24' }, true],
  [{ from: '2026-11-25' }, false],
  [{ until: '2026-11-23' }, false],
] as [Partial<typeof NO_FILTERS>, boolean][])('with %o a burst is shown: %s', (filters, shown) => {
  const burst = {
    category: 'child_abduction',
    since: '2026-11-24T12:00:00.000Z',
    until: '2026-11-24T13:00:00.000Z',
  };
  expect(hasBurst({ ...NO_FILTERS, ...filters }, burst)).toBe(shown);
});

type Ranked = Parameters<typeof byAttention>[0];

function report(received: string, more: Partial<ListedReport> = {}): Ranked {
  return {
    status: 'new',
    urgency: 'normal',
    flags: [],
    unread: 0,
    source: null,
    received_at: `2026-07-01T${received}:00Z`,
    ...more,
  };
}

test('critical reports come first, then overdue, unread and open ones', () => {
  const open = report('08:00');
  const unread = report('09:00', { status: 'acknowledged', unread: 1 });
  const overdue = report('10:00', { flags: ['overdue'] });
  const critical = report('11:00', { urgency: 'critical' });
  expect([open, unread, overdue, critical].sort(byAttention)).toEqual([
    critical,
    overdue,
    unread,
    open,
  ]);
});

test('of one rank the oldest comes first', () => {
  const [older, newer] = [report('08:00'), report('09:00')];
  expect([newer, older].sort(byAttention)).toEqual([older, newer]);
});

test('a critical report that is acknowledged, and a drill, stand with the open ones', () => {
  const open = report('08:00');
  const known = report('09:00', { urgency: 'critical', status: 'acknowledged' });
  const drill = report('10:00', { urgency: 'critical', source: 'drill' });
  expect([drill, known, open].sort(byAttention)).toEqual([open, known, drill]);
  const written = { ...drill, unread: 1 };
  expect([open, written].sort(byAttention)).toEqual([written, open]);
});

test('a reload has the same filters, for the same officer', () => {
  const filters = { ...NO_FILTERS, district: 'haidian', unread: true };
  expect(keptFor('li', kept(filters, 'li'))).toEqual(filters);
  expect(keptFor('zhao', kept(filters, 'li'))).toEqual(NO_FILTERS);
  for (const other of [null, '', '{', 'null', '{"username":"li","filters":{"unread":"yes"}}']) {
    expect(keptFor('li', other)).toEqual(NO_FILTERS);
  }
});
