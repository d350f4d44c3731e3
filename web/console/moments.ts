/** Times as an officer reads them: how long ago, and by the clock of this machine. */

import { language } from '../shared/language.ts';

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['minute', 60],
  ['hour', 60],
  ['day', 24],
  ['month', 30.4],
  ['year', 12],
];

/** Return "3 minutes ago" in the language of the screen. */
export function ago(time: string, now: number): string {
  const format = new Intl.RelativeTimeFormat(tag(), { numeric: 'auto', style: 'short' });
  let amount = (Date.parse(time) - now) / 1000;
  let unit: Intl.RelativeTimeFormatUnit = 'second';
  for (const [next, size] of STEPS) {
    if (Math.abs(amount) < size) break;
    amount /= size;
    unit = next;
  }
  // "now" in Chinese is the present time, 现在, not a moment ago.
  if (unit === 'second') return language.value === 'zh' ? '刚刚' : format.format(0, unit);
  return format.format(Math.trunc(amount), unit);
}

/** Return day and time by the clock. */
export function clock(time: string): string {
  const format = new Intl.DateTimeFormat(tag(), { dateStyle: 'medium', timeStyle: 'short' });
  return format.format(new Date(time));
}

/**
 * Return from when to when, as short as it can be said: one moment when both are of one minute. By
 * the clock of this machine, or of a time zone.
 */
export function span(from: string, to: string, timeZone?: string): string {
  const zone = timeZone && { timeZone };
  const format = new Intl.DateTimeFormat(tag(), { dateStyle: 'medium', timeStyle: 'short', ...zone });
  return format.formatRange(new Date(from), new Date(to));
}

/** Return `1,000` for a number of things. */
export function grouped(count: number): string {
  return new Intl.NumberFormat(tag()).format(count);
}

/** Return `3.2 MB` for a number of bytes. */
export function size(bytes: number): string {
  const [unit, value] =
    bytes < 1_000_000 ? ['kilobyte', bytes / 1000] : ['megabyte', bytes / 1_000_000];
  const format = new Intl.NumberFormat(tag(), {
    style: 'unit',
    unit: unit as string,
    maximumFractionDigits: bytes < 1_000_000 ? 0 : 1,
  });
  return format.format(value as number);
}

function tag(): string {
  return language.value === 'zh' ? 'zh-CN' : 'en-GB';
}

/** Return a day such as `2026-11-24` in the language of the screen. It has no time, so no zone. */
export function day(iso: string): string {
  return format({ day: 'numeric', month: 'short', year: 'numeric' }, iso);
}

/** Return a month such as `2026-11`. */
export function month(iso: string): string {
  return format({ month: 'long', year: 'numeric' }, `${iso}-01`);
}

function format(options: Intl.DateTimeFormatOptions, iso: string): string {
  if (!iso) return '';
  const tag = language.value === 'zh' ? 'zh-CN' : 'en-GB';
  return new Intl.DateTimeFormat(tag, { ...options, timeZone: 'UTC' }).format(new Date(iso));
}
