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

const DAY_MS = 86_400_000;

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
