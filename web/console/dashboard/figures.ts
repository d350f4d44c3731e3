/** The figures that charts show, from what the API counts. */

import type { Schemas } from '../types.ts';

export type Statistics = Schemas['Statistics'];

export const AGES = ['today', 'this_week', 'older'] as const;
export type Age = (typeof AGES)[number];

export interface AgeRow {
  category: string;
  ages: Record<Age, number>;
  total: number;
}

/** Return open reports by category and age, the most first. */
export function openByAge(openByAge: Statistics['open_by_age']): AgeRow[] {
  return Object.entries(openByAge)
    .map(([category, counts]) => {
      const ages = { today: 0, this_week: 0, older: 0 };
      for (const age of AGES) ages[age] = counts[age] ?? 0;
      return { category, ages, total: ages.today + ages.this_week + ages.older };
    })
    .filter((row) => row.total > 0)
    .sort((a, b) => b.total - a.total || a.category.localeCompare(b.category));
}

export interface Column {
  /** The first and the last day of the column, which are equal unless it stands for more. */
  first: string;
  last: string;
  count: number;
}

const DAY_MS = 86_400_000;

/** Return a count for each day of the period, days without reports too, in at most `most` columns. */
export function columns(statistics: Pick<Statistics, 'since' | 'until' | 'by_day'>, most: number): Column[] {
  const counts = new Map(statistics.by_day.map((each) => [each.day, each.count]));
  const days: string[] = [];
  for (let at = Date.parse(statistics.since); at <= Date.parse(statistics.until); at += DAY_MS) {
    days.push(isoDay(at));
  }
  const width = Math.max(1, Math.ceil(days.length / most));
  const found: Column[] = [];
  for (let start = 0; start < days.length; start += width) {
    const part = days.slice(start, start + width);
    found.push({
      first: part[0] ?? '',
      last: part[part.length - 1] ?? '',
      count: part.reduce((sum, day) => sum + (counts.get(day) ?? 0), 0),
    });
  }
  return found;
}

/** Return the days of a period that ends on `until` and has this many days. */
export function period(until: string, days: number): { since: string; until: string } {
  return { since: isoDay(Date.parse(until) - (days - 1) * DAY_MS), until };
}

function isoDay(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/**
 * Return the whole calendar months that lie in a period and have passed before `today`, which answers
 * of reporters are counted by.
 */
export function wholeMonths(since: string, until: string, today: string): string[] {
  const months: string[] = [];
  const start = new Date(since);
  let at = Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + (start.getUTCDate() > 1 ? 1 : 0));
  for (;;) {
    const month = new Date(at);
    const next = Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1);
    const last = isoDay(next - DAY_MS);
    if (last > until || last >= today) return months;
    months.push(isoDay(at).slice(0, 7));
    at = next;
  }
}

export interface HelpedRow {
  category: string;
  yes: number;
  no: number;
  /** Of 100 who answered, how many said yes. */
  percent: number;
}

/** Return the answers to the one question, the most answered category first. */
export function helped(helped: Statistics['helped']): HelpedRow[] {
  return Object.entries(helped)
    .map(([category, { yes, no }]) => ({
      category,
      yes,
      no,
      percent: Math.round((100 * yes) / Math.max(1, yes + no)),
    }))
    .sort((a, b) => b.yes + b.no - (a.yes + a.no) || a.category.localeCompare(b.category));
}

/** Return round numbers from 0 up to at least `highest`, for an axis of few lines. */
export function ticks(highest: number): number[] {
  const raw = Math.max(1, highest) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = Math.max(1, [1, 2, 5, 10].map((each) => each * power).find((each) => each >= raw) ?? 1);
  const found = [0];
  while ((found[found.length - 1] ?? 0) < highest) found.push(found.length * step);
  return found;
}

export type Duration = { unit: 'second' | 'minute' | 'hour' | 'day'; value: number };

/** Return a time in its largest whole units, at most two: 5400 is 1 hour and 30 minutes. */
export function duration(seconds: number): Duration[] {
  const units = [
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
    ['second', 1],
  ] as const;
  const first = units.findIndex(([, size]) => seconds >= size);
  const [unit, size] = units[first] ?? ['second', 1];
  const second = units[first + 1];
  // Rounded in the smaller unit first, so that 119.6 minutes are 2 hours, not 1 hour 60 minutes.
  const rounded = second ? Math.round(seconds / second[1]) * second[1] : Math.round(seconds);
  if (second && rounded >= (units[first - 1]?.[1] ?? Infinity)) return duration(rounded);
  const value = Math.floor(rounded / size);
  const rest = second ? (rounded - value * size) / second[1] : 0;
  return second && rest > 0 ? [{ unit, value }, { unit: second[0], value: rest }] : [{ unit, value }];
}

/** Return where a time lies between a second and a week, from 0 to 1, on a logarithmic scale. */
export function onLogScale(seconds: number, from = 10, to = 604_800): number {
  const clamped = Math.min(to, Math.max(from, seconds));
  return Math.log(clamped / from) / Math.log(to / from);
}

/** Which days a period may have: what the API would refuse is said beside the field that it is about. */

export interface Period {
  /** The first day and the last one, both included, such as `2026-11-24`. Empty while none is chosen. */
  since: string;
  until: string;
}

export type End = keyof Period;
export type Fault = 'missing' | 'future' | 'order' | 'long';
/** What is wrong, by the end that is to be corrected. */
export type Faults = Partial<Record<End, Fault>>;

/** How far apart the two days may be. The API says so, too. */
export const LONGEST_DAYS = 366;

/** Return what is wrong with a period. `today` is the present day in the city. */
export function faultsIn({ since, until }: Period, today: string): Faults {
  const faults: Faults = {};
  for (const [end, day] of [['since', since], ['until', until]] as const) {
    if (!day) faults[end] = 'missing';
    else if (day > today) faults[end] = 'future';
  }
  if (faults.since || faults.until) return faults;
  if (since > until) return { since: 'order' };
  const days = (Date.parse(until) - Date.parse(since)) / DAY_MS;
  return days > LONGEST_DAYS ? { since: 'long' } : {};
}
