/** What a list read anew has that the shown one has not. */

import type { ListedReport } from '../types.ts';

export interface Changes {
  /** The shown rows, each as it is now: at its place. */
  rows: ListedReport[];
  /** How many reports are new to the list. */
  added: number;
  /** How many of these are critical, and new. */
  critical: number;
  /** Whether the shown ones would stand elsewhere now. */
  moved: boolean;
  /** The ids of the shown ones that the list has no more. */
  gone: ReadonlySet<string>;
}

/** Compare the first page read anew with all rows that are shown.
 *
 * `whole` says that nothing follows the page. Without it the shown rows behind those that the page
 * can reach are left as they are.
 */
export function changesOf(
  shown: readonly ListedReport[],
  fresh: readonly ListedReport[],
  whole: boolean,
): Changes {
  const now = new Map(fresh.map((row) => [row.id, row]));
  const known = new Set(shown.map((row) => row.id));
  const further = fresh.filter((row) => !known.has(row.id));
  const added = further.length;
  const critical = further.filter(
    ({ urgency, status, source }) =>
      urgency === 'critical' && status === 'new' && source !== 'drill',
  ).length;
  const reached = whole ? shown.length : Math.max(0, fresh.length - added);
  const gone = shown.slice(0, reached).filter((row) => !now.has(row.id));
  const before = shown.filter((row) => now.has(row.id)).map((row) => row.id);
  const after = fresh.filter((row) => known.has(row.id)).map((row) => row.id);
  return {
    rows: shown.map((row) => now.get(row.id) ?? row),
    added,
    critical,
    moved: before.some((id, place) => id !== after[place]),
    gone: new Set(gone.map((row) => row.id)),
  };
}
