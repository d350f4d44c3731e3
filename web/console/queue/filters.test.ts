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
  [{ urgency: 'high' }, true],
  [{ urgency: 'normal' }, false],
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
    due: [],
    unread: 0,
    source: null,
    received_at: `2026-07-01T${received}:00Z`,
    ...more,
  };
}

test('reports stand in the order of docs/officers.md', () => {
  const known = { status: 'acknowledged' } as const;
  const order = [
    report('20:00', { urgency: 'critical' }),
    report('09:00', { urgency: 'critical', ...known, due: ['review'] }),
    report('19:00', { urgency: 'high', flags: ['overdue'] }),
    report('18:00', { urgency: 'high' }),
    report('09:30', { urgency: 'high', ...known, due: ['review'] }),
    report('17:00', { urgency: 'critical', ...known, unread: 1 }),
    report('16:00', { urgency: 'critical', ...known }),
    report('15:00', { urgency: 'high', ...known, unread: 1 }),
    report('14:00', { urgency: 'high', ...known }),
    report('13:00', { flags: ['overdue'] }),
    report('13:30', { ...known, due: ['look_again'] }),
    report('12:00', { unread: 1 }),
    report('12:30', { status: 'closed', unread: 1 }),
    report('12:40', { urgency: 'critical', source: 'drill', unread: 1 }),
    report('11:00'),
    report('10:00', { urgency: 'low' }),
    report('10:30', { urgency: 'critical', source: 'drill' }),
    report('08:00', { status: 'closed' }),
  ];
  expect([...order].reverse().sort(byAttention)).toEqual(order);
});

test('of one rank the oldest comes first', () => {
  const [older, newer] = [report('08:00'), report('09:00')];
  expect([newer, older].sort(byAttention)).toEqual([older, newer]);
});

test('a reload has the same filters, for the same officer', () => {
  const filters = { ...NO_FILTERS, district: 'haidian', unread: true };
  expect(keptFor('li', kept(filters, 'li'))).toEqual(filters);
  expect(keptFor('zhao', kept(filters, 'li'))).toEqual(NO_FILTERS);
  for (const other of [null, '', '{', 'null', '{"username":"li","filters":{"unread":"yes"}}']) {
    expect(keptFor('li', other)).toEqual(NO_FILTERS);
  }
});
