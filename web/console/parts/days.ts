/** Days and durations as an officer reads them. */

import { language } from '../../shared/language.ts';

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
