/** What two officers wanted of one report at the same time. */

import type { Report, ReportChange } from '../types.ts';

const FIELDS = [
  'status',
  'assignee',
  'urgency',
  'category',
  'disposition',
  'reason',
  'duplicate_of',
] as const;

export type Field = (typeof FIELDS)[number];
type Versioned = Pick<Report, Field>;

export interface Difference {
  field: Field;
  /** As this officer saw it. */
  before: string | null;
  /** As the other officer has made it. */
  theirs: string | null;
  /** As this officer wants it; undefined when they did not touch it. */
  mine: string | null | undefined;
}

/** Return each field that the other officer has changed, or that both would change. */
export function differences(
  seen: Versioned,
  now: Versioned,
  wanted: ReportChange,
): Difference[] {
  return FIELDS.filter((field) => seen[field] !== now[field] || isWanted(wanted, field)).map(
    (field) => ({ field, before: seen[field], theirs: now[field], mine: wanted[field] }),
  );
}

/** Return what is left to ask for once the report is as it is now; null when it is so already. */
export function remaining(now: Versioned, wanted: ReportChange): ReportChange | null {
  const fields = FIELDS.filter((field) => isWanted(wanted, field));
  return fields.every((field) => wanted[field] === now[field]) ? null : wanted;
}

function isWanted(wanted: ReportChange, field: Field): boolean {
  return wanted[field] !== undefined;
}
