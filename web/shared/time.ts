/** Times between the clock of a phone or a computer and the API (RFC 3339). */

import city from 'virtual:city';

// The API takes no time before it.
const FIRST_YEAR = 1970;

/** Return a time of a `datetime-local` field with the phone's offset; null if the API takes none such. */
export function toRfc3339(local: string): string | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(local)) return null;
  const time = new Date(local);
  if (Number.isNaN(time.getTime()) || time.getFullYear() < FIRST_YEAR) return null;
  const offset = -time.getTimezoneOffset();
  const ahead = Math.abs(offset);
  const zone = `${pad(Math.floor(ahead / 60))}:${pad(ahead % 60)}`;
  return `${local.slice(0, 16)}:00${offset < 0 ? '-' : '+'}${zone}`;
}

/** Return whether it is a time, but so long ago that it must be a slip. */
export function isTooOld(local: string): boolean {
  const time = new Date(local);
  return !Number.isNaN(time.getTime()) && time.getFullYear() < FIRST_YEAR;
}

/** Return a time as a `datetime-local` field has it, to the minute. */
export function toLocal(time: Date): string {
  const day = [time.getFullYear(), pad(time.getMonth() + 1), pad(time.getDate())].join('-');
  return `${day}T${pad(time.getHours())}:${pad(time.getMinutes())}`;
}

/** Return the instant of a `datetime-local` field, which has a time. */
export function instant(local: string): string {
  return new Date(local).toISOString();
}

/**
 * Return a time of the API as people read it, to the minute: by the clock of their phone, with its
 * zone where the city's clocks say something else.
 */
export function showTime(time: string, language: string, timeZone = city.timeZone): string {
  const clock = format(time, language, { timeStyle: 'short' });
  const shown = `${showDay(time, language)}${language === 'zh' ? '' : ','} ${clock}`;
  return minute(time) === minute(time, timeZone) ? shown : `${shown} (${zoneAt(new Date(time))})`;
}

function minute(time: string, timeZone?: string): string {
  return format(time, 'en', { dateStyle: 'short', timeStyle: 'short', ...(timeZone && { timeZone }) });
}

/** Return the offset of the phone's clock as the public pages write it: `UTC`, `UTC+8`, `UTC-3:30`. */
function zoneAt(time: Date): string {
  const ahead = -time.getTimezoneOffset();
  if (ahead === 0) return 'UTC';
  const [hours, rest] = [Math.floor(Math.abs(ahead) / 60), Math.abs(ahead) % 60];
  return `UTC${ahead < 0 ? '-' : '+'}${hours}${rest ? `:${pad(rest)}` : ''}`;
}

/** Return the day of a time of the API. */
export function showDay(time: string, language: string): string {
  return format(time, language, { dateStyle: 'long' });
}

function format(time: string, language: string, options: Intl.DateTimeFormatOptions): string {
  const locale = language === 'zh' ? 'zh-CN' : 'en-GB';
  return new Intl.DateTimeFormat(locale, options).format(new Date(time));
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
