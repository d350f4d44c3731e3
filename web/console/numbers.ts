/** Numbers as an officer reads them. */

import { language } from '../shared/language.ts';

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
