/** A weekly plan of shifts, as intervals of a week by the clocks of the city. */

import type { Schemas } from '../types.ts';

export type NewShift = Required<Schemas['NewShift']>;
export type ShiftPlan = Schemas['ShiftPlan'];
export type Weekday = Schemas['Weekday'];

export const WEEKDAYS: readonly Weekday[] = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
];
export const DAY_MINUTES = 24 * 60;
export const WEEK_MINUTES = 7 * DAY_MINUTES;

/** Minutes of the week from Monday 00:00; `end` is not part of it. */
export interface Interval {
  start: number;
  end: number;
}

/** Return the minutes since midnight of a time such as `08:30`; null when it is none. */
export function minutesOf(local: string): number | null {
  const found = /^([01][0-9]|2[0-3]):([0-5][0-9])$/.exec(local);
  return found ? Number(found[1]) * 60 + Number(found[2]) : null;
}

/**
 * Return the turns of a shift in a week. One that ends at or before its start ends on the next day,
 * and what goes past Sunday midnight is at the beginning of the week.
 */
export function turns(shift: Pick<NewShift, 'weekdays' | 'starts' | 'ends'>): Interval[] {
  const starts = minutesOf(shift.starts);
  const ends = minutesOf(shift.ends);
  if (starts === null || ends === null) return [];
  const length = ends > starts ? ends - starts : ends + DAY_MINUTES - starts;
  return shift.weekdays.flatMap((weekday) => {
    const start = WEEKDAYS.indexOf(weekday) * DAY_MINUTES + starts;
    const end = start + length;
    return end <= WEEK_MINUTES
      ? [{ start, end }]
      : [
          { start, end: WEEK_MINUTES },
          { start: 0, end: end - WEEK_MINUTES },
        ];
  });
}

/**
 * Return when no shift has an officer who can be reached. Then everybody is notified, so it is no
 * mistake, but an admin should know.
 */
export function gaps(shifts: readonly NewShift[], unreachable: readonly string[] = []): Interval[] {
  const staffed = shifts.filter((shift) =>
    shift.officers.some((officer) => !unreachable.includes(officer)),
  );
  const taken = staffed.flatMap(turns).sort((a, b) => a.start - b.start);
  const found: Interval[] = [];
  let reached = 0;
  for (const { start, end } of taken) {
    if (start > reached) found.push({ start: reached, end: start });
    reached = Math.max(reached, end);
  }
  if (reached < WEEK_MINUTES) found.push({ start: reached, end: WEEK_MINUTES });
  return found;
}

/** Return the parts of an interval that lie in one day each, to be drawn in rows of a day. */
export function byDay(interval: Interval): { day: number; from: number; to: number }[] {
  const parts: { day: number; from: number; to: number }[] = [];
  for (let start = interval.start; start < interval.end; ) {
    const day = Math.floor(start / DAY_MINUTES);
    const end = Math.min(interval.end, (day + 1) * DAY_MINUTES);
    parts.push({ day, from: start - day * DAY_MINUTES, to: end - day * DAY_MINUTES });
    start = end;
  }
  return parts;
}

/** Return a minute of the week as its weekday and time. The end of Sunday is Sunday 24:00. */
export function moment(minute: number): { weekday: Weekday; time: string } {
  const day = Math.min(6, Math.floor(minute / DAY_MINUTES));
  const rest = minute - day * DAY_MINUTES;
  const time = `${pad(Math.floor(rest / 60))}:${pad(rest % 60)}`;
  return { weekday: WEEKDAYS[day] ?? 'sunday', time };
}

export type Mistake = 'name' | 'weekdays' | 'starts' | 'ends';

/** Return the fields of a shift that are to be filled in before it can be saved. */
export function mistakes(shift: NewShift): Mistake[] {
  return [
    ...(shift.name.trim() ? [] : (['name'] as const)),
    ...(shift.weekdays.length ? [] : (['weekdays'] as const)),
    ...(minutesOf(shift.starts) === null ? (['starts'] as const) : []),
    ...(minutesOf(shift.ends) === null ? (['ends'] as const) : []),
  ];
}

/** Return the shifts of a plan that was read, as they are sent back. */
export function editable(plan: ShiftPlan): NewShift[] {
  return plan.shifts.map(({ name, weekdays, starts, ends, officers, categories, districts }) => ({
    name,
    weekdays: WEEKDAYS.filter((weekday) => weekdays.includes(weekday)),
    starts,
    ends,
    officers,
    categories,
    districts,
  }));
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
