/**
 * Times between a clock and the API (RFC 3339), and how people read them. Nothing else formats a
 * time. A resident's clock is that of their phone, an officer's that of the city: colleagues who
 * speak of ten o'clock mean the same, wherever their computers are.
 */

import city from 'virtual:city';

import { language } from './language.ts';

// The API takes no time before it.
const FIRST_YEAR = 1970;
const MINUTE_MS = 60_000;

/**
 * Return a time of a `datetime-local` field with its offset; null if the API takes none such. The
 * field is by the clock of the phone, or of a time zone.
 */
export function toRfc3339(local: string, timeZone?: string): string | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(local)) return null;
  const time = momentOf(local, timeZone);
  if (Number.isNaN(time.getTime()) || time.getFullYear() < FIRST_YEAR) return null;
  const offset = offsetAt(time, timeZone);
  const ahead = Math.abs(offset);
  const zone = `${pad(Math.floor(ahead / 60))}:${pad(ahead % 60)}`;
  return `${local.slice(0, 16)}:00${offset < 0 ? '-' : '+'}${zone}`;
}

/** Return whether it is a time, but so long ago that it must be a slip. */
export function isTooOld(local: string): boolean {
  const time = new Date(local);
  return !Number.isNaN(time.getTime()) && time.getFullYear() < FIRST_YEAR;
}

/** Return a time as a `datetime-local` field has it, to the minute: by the phone, or in a zone. */
export function toLocal(time: Date, timeZone?: string): string {
  return shifted(time, timeZone).toISOString().slice(0, 16);
}

/** Return the instant of a `datetime-local` field, which has a time: by the phone, or in a zone. */
export function instant(local: string, timeZone?: string): string {
  return momentOf(local, timeZone).toISOString();
}

/** Return whether a day of a `date` field is one that the API takes: nobody is still typing its year. */
export function isDay(day: string): boolean {
  return day.length === 10 && Number(day.slice(0, 4)) >= FIRST_YEAR;
}

/** Return the instant at which a day such as `2026-11-24`, or one so many days later, begins in the city. */
export function beginOf(day: string, later = 0): string {
  const date = new Date(`${day}T00:00Z`);
  date.setUTCDate(date.getUTCDate() + later);
  return instant(date.toISOString().slice(0, 16), city.timeZone);
}

function momentOf(local: string, timeZone?: string): Date {
  if (timeZone === undefined) return new Date(local);
  const there = new Date(`${local}Z`);
  if (Number.isNaN(there.getTime())) return there;
  // Where the offset changes in between, that of the moment itself counts.
  const near = new Date(there.getTime() - offsetAt(there, timeZone) * MINUTE_MS);
  return new Date(there.getTime() - offsetAt(near, timeZone) * MINUTE_MS);
}

/** Return a time whose UTC is what a clock shows. */
function shifted(time: Date, timeZone?: string): Date {
  return new Date(time.getTime() + offsetAt(time, timeZone) * MINUTE_MS);
}

/** Return how many minutes a clock is ahead of UTC. */
function offsetAt(time: Date, timeZone?: string): number {
  if (timeZone === undefined) return -time.getTimezoneOffset();
  const parts = new Intl.DateTimeFormat('en', { ...TO_THE_MINUTE, timeZone }).formatToParts(time);
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const shown = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'));
  return shown / MINUTE_MS - Math.floor(time.getTime() / MINUTE_MS);
}

const TO_THE_MINUTE = {
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  hourCycle: 'h23',
} as const;

/**
 * Return a time of the API as residents read it, to the minute: by the clock of their phone, with
 * its zone where the city's clocks say something else.
 */
export function showTime(time: string, language: string, timeZone = city.timeZone): string {
  const shown = longTime(time, language);
  return minute(time) === minute(time, timeZone) ? shown : `${shown} (${zoneAt(new Date(time))})`;
}

/** Return the same by the clocks of the city. */
export function showCityTime(time: string, language: string): string {
  return longTime(time, language, city.timeZone);
}

function longTime(time: string, language: string, timeZone?: string): string {
  const clock = format(time, language, { timeStyle: 'short', timeZone });
  const day = format(time, language, { dateStyle: 'long', timeZone });
  return `${day}${language === 'zh' ? '' : ','} ${clock}`;
}

function minute(time: string, timeZone?: string): string {
  return format(time, 'en', { dateStyle: 'short', timeStyle: 'short', timeZone });
}

/** Return the offset of a clock as the public pages write it: `UTC`, `UTC+8`, `UTC-3:30`. */
export function zoneAt(time: Date, timeZone?: string): string {
  const ahead = offsetAt(time, timeZone);
  if (ahead === 0) return 'UTC';
  const [hours, rest] = [Math.floor(Math.abs(ahead) / 60), Math.abs(ahead) % 60];
  return `UTC${ahead < 0 ? '-' : '+'}${hours}${rest ? `:${pad(rest)}` : ''}`;
}

/** Return the day of a time of the API, by the phone. */
export function showDay(time: string, language: string): string {
  return format(time, language, { dateStyle: 'long' });
}

/** Return whether a time says its zone. That of a camera may not: nobody knows its moment. */
export function hasZone(time: string): boolean {
  return !/T\d{2}:[\d:.]+$/.test(time);
}

/** Return day and time as officers read them, by the clocks of the city; without a zone, as written. */
export function clock(time: string): string {
  return format(time, language.value, OFFICERS);
}

/** Return from when to when, as short as it can be said: one moment when both are of one minute. */
export function span(from: string, to: string): string {
  const of = (shape: Shape) =>
    [from, to].map((time) => format(time, language.value, { ...shape, timeZone: city.timeZone }));
  const [first, last] = of(OFFICERS);
  if (first === last) return `${first}`;
  // Not `formatRange`: in Chinese it writes the day in another way.
  const [day, lastDay] = of({ dateStyle: 'medium' });
  return day === lastDay ? `${first}–${of({ timeStyle: 'short' })[1]}` : `${first} – ${last}`;
}

const OFFICERS = { dateStyle: 'medium', timeStyle: 'short', timeZone: city.timeZone } as const;

/** Return a day such as `2026-11-24` in the language of the screen. It has no time, so no zone. */
export function day(iso: string): string {
  return ofCalendar(iso, { day: 'numeric', month: 'short', year: 'numeric' });
}

/** Return a month such as `2026-11`. */
export function month(iso: string): string {
  return ofCalendar(iso && `${iso}-01`, { month: 'long', year: 'numeric' });
}

function ofCalendar(iso: string, options: Intl.DateTimeFormatOptions): string {
  return iso && format(iso, language.value, { ...options, timeZone: 'UTC' });
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['minute', 60],
  ['hour', 60],
  ['day', 24],
  ['month', 30.4],
  ['year', 12],
];

/** Return "3 minutes ago" in the language of the screen. */
export function ago(time: string, now: number): string {
  const format = new Intl.RelativeTimeFormat(tagOf(language.value), {
    numeric: 'auto',
    style: 'short',
  });
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

/** Return "12 minutes" or "3 hours", and no more exact. */
export function duration(minutes: number): string {
  const [unit, amount] = minutes < 120 ? ['minute', minutes] : ['hour', Math.round(minutes / 60)];
  const shape = { style: 'unit', unit, unitDisplay: 'long' } as const;
  return new Intl.NumberFormat(tagOf(language.value), shape).format(amount);
}

type Shape = Omit<Intl.DateTimeFormatOptions, 'timeZone'> & { timeZone?: string | undefined };

function format(time: string, language: string, options: Shape): string {
  // Without a zone, `undefined` is that of the phone.
  const shape = options as Intl.DateTimeFormatOptions;
  if (!hasZone(time)) return format(`${time}Z`, language, { ...options, timeZone: 'UTC' });
  return new Intl.DateTimeFormat(tagOf(language), shape).format(new Date(time));
}

function tagOf(language: string): string {
  return language === 'zh' ? 'zh-CN' : 'en-GB';
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
