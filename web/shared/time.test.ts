import { expect, test } from 'vitest';

import { language } from './language.ts';
import {
  beginOf,
  clock,
  hasZone,
  instant,
  showCityTime,
  showDay,
  showTime,
  span,
  toLocal,
  toRfc3339,
  zoneAt,
} from './time.ts';

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

// Clocks of Beijing, New York in its summer and its winter, and India.
const SHANGHAI = 'Asia/Shanghai';
const NEW_YORK = 'America/New_York';

test.each([
  ['2026-11-24T16:30', SHANGHAI, '2026-11-24T08:30:00.000Z', 'UTC+8'],
  ['2026-07-01T00:00', NEW_YORK, '2026-07-01T04:00:00.000Z', 'UTC-4'],
  ['2026-12-31T23:59', NEW_YORK, '2027-01-01T04:59:00.000Z', 'UTC-5'],
  ['2026-07-01T05:30', 'Asia/Kolkata', '2026-07-01T00:00:00.000Z', 'UTC+5:30'],
  // Two hours after the night in which the clocks were put forward.
  ['2026-03-08T04:00', NEW_YORK, '2026-03-08T08:00:00.000Z', 'UTC-4'],
])('%s in %s is %s, and comes back into its field', (local, zone, moment, offset) => {
  expect(instant(local, zone)).toBe(moment);
  expect(Date.parse(toRfc3339(local, zone) ?? '')).toBe(Date.parse(moment));
  expect(toLocal(new Date(moment), zone)).toBe(local);
  expect(zoneAt(new Date(moment), zone)).toBe(offset);
});

test('a time in the city is by its clocks, wherever the computer is', () => {
  language.value = 'en';
  expect(clock(TIME)).toBe('24 Nov 2026, 16:30');
  expect(span(TIME, '2026-11-24T09:00:00Z')).toBe('24 Nov 2026, 16:30–17:00');
  expect(showCityTime(TIME, 'zh')).toBe('2026年11月24日 16:30');
});

test('from when to when is written like one time, as short as it can be', () => {
  language.value = 'zh';
  expect(span(TIME, '2026-11-24T08:30:59Z')).toBe('2026年11月24日 16:30');
  expect(span(TIME, '2026-11-24T09:00:00Z')).toBe('2026年11月24日 16:30–17:00');
  expect(span(TIME, '2026-11-24T16:00:00Z')).toBe('2026年11月24日 16:30 – 2026年11月25日 00:00');
});

test.each(['2026-11-30T18:40:00', '2026-11-30T18:40:00.250', '2026-11-30T18:40'])(
  'a time without a zone is shown as it is written: %s',
  (written) => {
    language.value = 'en';
    expect(hasZone(written)).toBe(false);
    expect(clock(written)).toBe('30 Nov 2026, 18:40');
  },
);

test.each([TIME, '2026-11-24T08:30:00.000Z', '2026-11-24T08:30:00+08:00', '2026-11-24'])(
  '%s is no time without a zone',
  (written) => expect(hasZone(written)).toBe(true),
);

test('a day begins with the clocks of the city, and ends where the next one begins', () => {
  expect(beginOf('2026-11-24')).toBe('2026-11-23T16:00:00.000Z');
  expect(beginOf('2026-12-31', 1)).toBe('2026-12-31T16:00:00.000Z');
});

const sources = import.meta.glob<string>(['../**/*.{ts,tsx}', '!../**/*.test.ts', '!../node_modules/**'], {
  query: '?raw',
  import: 'default',
  eager: true,
});
const FORMATS = /toLocale\w*\(|DateTimeFormat|RelativeTimeFormat|getHours\(|getTimezoneOffset\(/;

test('nothing else formats a time', () => {
  const formatting = Object.keys(sources).filter((name) => FORMATS.test(sources[name] ?? ''));
  expect(formatting).toEqual(['./time.ts']);
});
