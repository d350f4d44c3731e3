import { expect, test } from 'vitest';

import { showDay, showTime, toLocal, toRfc3339 } from './time.ts';

const TIME = '2026-11-24T08:30:00Z';

test('a time of a field gets the offset of the phone, and is the same moment', () => {
  const time = toRfc3339('2026-11-24T08:30');
  expect(time).toMatch(/^2026-11-24T08:30:00[+-]\d{2}:\d{2}$/);
  expect(Date.parse(time ?? '')).toBe(new Date(2026, 10, 24, 8, 30).getTime());
});

test('a time goes into a field and comes back', () => {
  const time = new Date(2026, 0, 2, 3, 4);
  expect(toLocal(time)).toBe('2026-01-02T03:04');
  expect(Date.parse(toRfc3339(toLocal(time)) ?? '')).toBe(time.getTime());
});

test.each(['', 'yesterday', '2026-11-24', '1969-12-31T10:00', '2026-13-40T10:00'])(
  'what is no time is none: %s',
  (text) => expect(toRfc3339(text)).toBeNull(),
);

test('a time is its day and the clock', () => {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  expect(showTime(TIME, 'en', here)).toMatch(/^2[345] November 2026, \d{2}:\d{2}$/);
  expect(showTime(TIME, 'zh', here)).toMatch(/^2026年11月2[345]日 \d{2}:\d{2}$/);
});

test('a time has its zone where the clocks of the city say something else', () => {
  const [behind, ahead] = ['Etc/GMT+12', 'Etc/GMT-14'].map((zone) => showTime(TIME, 'en', zone));
  for (const shown of [behind, ahead]) expect(shown).toMatch(/\d{2}:\d{2} \(UTC([+-]\d+(:\d{2})?)?\)$/);
});

test('a day is shown in the language of the page', () => {
  expect(showDay('2026-11-24T08:30:00Z', 'en')).toContain('November 2026');
  expect(showDay('2026-11-24T08:30:00Z', 'zh')).toContain('2026年11月');
});
