/** Until when a report is kept: by the rules of retention, or longer by a legal hold. */

import type { Report } from '../types.ts';

/** Return the end of a day that is not over, by the clock of this machine; null for any other. */
export function endOfDay(day: string, now = Date.now()): string | null {
  const end = new Date(`${day}T23:59:59`);
  // NaN, that of no day, is not later either.
  return end.valueOf() > now ? end.toISOString() : null;
}

/** Return until when a hold keeps the report; null when none does now. */
export function heldUntil({ hold }: Pick<Report, 'hold'>, now: number): string | null {
  if (hold === null || hold.approved_by === null) return null;
  return Date.parse(hold.until) > now ? hold.until : null;
}

/** Return until when it is kept, and whether that is by a hold; null while that is open. */
export function keptUntil(
  report: Pick<Report, 'hold' | 'kept_until'>,
  now: number,
): { until: string; isHeld: boolean } | null {
  const held = heldUntil(report, now);
  const { kept_until: kept } = report;
  if (held !== null && (kept === null || Date.parse(held) > Date.parse(kept))) {
    return { until: held, isHeld: true };
  }
  return kept === null ? null : { until: kept, isHeld: false };
}
