import { expect, test } from 'vitest';
import { byDay, gaps, mistakes, moment, type NewShift, turns, WEEKDAYS } from './plan.ts';

function shift(change: Partial<NewShift> = {}): NewShift {
  return {
    name: 'Day',
    weekdays: [...WEEKDAYS],
    starts: '08:00',
    ends: '20:00',
    officers: ['li'],
    categories: [],
    districts: [],
    ...change,
  };
}

test('ends on the next day when it ends at or before its start', () => {
  const night = shift({ weekdays: ['monday'], starts: '20:00', ends: '08:00' });
  expect(turns(night)).toEqual([{ start: 1200, end: 1920 }]);
  expect(turns(shift({ weekdays: ['monday'], ends: '08:00' }))).toEqual([{ start: 480, end: 1920 }]);
});

test('goes on at the beginning of the week after Sunday midnight', () => {
  const night = shift({ weekdays: ['sunday'], starts: '20:00', ends: '08:00' });
  expect(turns(night)).toEqual([
    { start: 6 * 1440 + 1200, end: 7 * 1440 },
    { start: 0, end: 480 },
  ]);
});

test('finds no gap in a plan of day and night', () => {
  expect(gaps([shift(), shift({ starts: '20:00', ends: '08:00' })])).toEqual([]);
});

test('finds when nobody is on duty', () => {
  const found = gaps([shift({ weekdays: ['monday'] })]);
  expect(found).toEqual([
    { start: 0, end: 480 },
    { start: 1200, end: 7 * 1440 },
  ]);
});

test('counts a shift of officers who cannot be reached as empty', () => {
  expect(gaps([shift({ starts: '00:00', ends: '00:00' })], ['li'])).toHaveLength(1);
  expect(gaps([shift({ starts: '00:00', ends: '00:00', officers: [] })])).toHaveLength(1);
});

test('cuts an interval at midnight', () => {
  expect(byDay({ start: 1200, end: 1920 })).toEqual([
    { day: 0, from: 1200, to: 1440 },
    { day: 1, from: 0, to: 480 },
  ]);
});

test('says when in the week a minute is', () => {
  expect(moment(1470)).toEqual({ weekday: 'tuesday', time: '00:30' });
  expect(moment(7 * 1440)).toEqual({ weekday: 'sunday', time: '24:00' });
});

test('names what is to be filled in', () => {
  expect(mistakes(shift())).toEqual([]);
  expect(mistakes(shift({ name: ' ', weekdays: [], starts: '', ends: '25:00' }))).toEqual([
    'name',
    'weekdays',
    'starts',
    'ends',
  ]);
});
