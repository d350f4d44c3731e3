import { expect, test } from 'vitest';

import {
  columns,
  duration,
  faultsIn,
  helped,
  onLogScale,
  openByAge,
  period,
  ticks,
  wholeMonths,
} from './figures.ts';

test('orders open reports by how many there are', () => {
  const rows = openByAge({ other: { today: 1 }, traffic_violation: { older: 2, this_week: 1 } });
  expect(rows.map(({ category, total }) => [category, total])).toEqual([
    ['traffic_violation', 3],
    ['other', 1],
  ]);
  expect(rows[1]?.ages).toEqual({ today: 1, this_week: 0, older: 0 });
});

test('has a column for a day without reports', () => {
  const by_day = [{ day: '2026-11-03', count: 4 }];
  expect(columns({ since: '2026-11-02', until: '2026-11-04', by_day }, 31)).toEqual([
    { first: '2026-11-02', last: '2026-11-02', count: 0 },
    { first: '2026-11-03', last: '2026-11-03', count: 4 },
    { first: '2026-11-04', last: '2026-11-04', count: 0 },
  ]);
});

test('puts several days into a column when there are many', () => {
  const by_day = [
    { day: '2026-11-01', count: 1 },
    { day: '2026-11-02', count: 2 },
    { day: '2026-11-05', count: 3 },
  ];
  expect(columns({ since: '2026-11-01', until: '2026-11-05', by_day }, 3)).toEqual([
    { first: '2026-11-01', last: '2026-11-02', count: 3 },
    { first: '2026-11-03', last: '2026-11-04', count: 0 },
    { first: '2026-11-05', last: '2026-11-05', count: 3 },
  ]);
});

test('counts the last day into a period', () => {
  expect(period('2026-11-07', 7)).toEqual({ since: '2026-11-01', until: '2026-11-07' });
});

test('finds the calendar months that lie wholly in a period', () => {
  expect(wholeMonths('2026-09-02', '2026-11-30', '2026-12-01')).toEqual(['2026-10', '2026-11']);
  expect(wholeMonths('2026-09-01', '2026-11-29', '2026-12-01')).toEqual(['2026-09', '2026-10']);
  expect(wholeMonths('2026-11-02', '2026-11-30', '2026-12-01')).toEqual([]);
  // Its last day has not passed.
  expect(wholeMonths('2026-10-01', '2026-11-30', '2026-11-30')).toEqual(['2026-10']);
});

test('says of how many reporters it helped', () => {
  expect(helped({ other: { yes: 2, no: 4 }, lost_and_found: { yes: 7, no: 2 } })).toEqual([
    { category: 'lost_and_found', yes: 7, no: 2, percent: 78 },
    { category: 'other', yes: 2, no: 4, percent: 33 },
  ]);
});

test('chooses round numbers for an axis', () => {
  expect(ticks(0)).toEqual([0]);
  expect(ticks(3)).toEqual([0, 1, 2, 3]);
  expect(ticks(37)).toEqual([0, 10, 20, 30, 40]);
  expect(ticks(130)).toEqual([0, 50, 100, 150]);
});

test('says a time in two units at most', () => {
  expect(duration(0)).toEqual([{ unit: 'second', value: 0 }]);
  expect(duration(190)).toEqual([
    { unit: 'minute', value: 3 },
    { unit: 'second', value: 10 },
  ]);
  expect(duration(5400)).toEqual([
    { unit: 'hour', value: 1 },
    { unit: 'minute', value: 30 },
  ]);
  expect(duration(7199.9)).toEqual([{ unit: 'hour', value: 2 }]);
  expect(duration(86_400 * 3)).toEqual([{ unit: 'day', value: 3 }]);
});

test('keeps a time on the scale', () => {
  expect(onLogScale(1)).toBe(0);
  expect(onLogScale(10_000_000)).toBe(1);
  expect(onLogScale(2460)).toBeCloseTo(0.5, 1);
});

const TODAY = '2026-11-24';

test.each([
  ['2026-11-01', '2026-11-24', {}],
  ['2026-11-24', '2026-11-24', {}],
  ['2025-11-23', '2026-11-24', {}],
  ['2025-11-22', '2026-11-24', { since: 'long' }],
  ['2026-11-20', '2026-11-19', { since: 'order' }],
  ['2026-11-20', '2026-11-25', { until: 'future' }],
  ['2026-11-25', '2026-11-26', { since: 'future', until: 'future' }],
  ['', '2026-11-24', { since: 'missing' }],
  ['2026-11-20', '', { until: 'missing' }],
])('of a period from %s to %s what is wrong is said at its end', (since, until, faults) => {
  expect(faultsIn({ since, until }, TODAY)).toEqual(faults);
});
