/** What a list of reports is narrowed to. */

import { beginOf } from '../../shared/time.ts';
import type { Burst, ListedReport, Status, Urgency } from '../types.ts';

/** Whole days by the clocks of the city, such as `2026-11-24`, the last one included; either may be empty. */
export interface Days {
  from: string;
  until: string;
}

export interface Filters extends Days {
  sort: 'attention' | 'newest';
  category: string;
  status: Status | '';
  urgency: Urgency | '';
  district: string;
  whose: '' | 'me' | 'nobody';
  unread: boolean;
  needsAction: boolean;
}

export const NO_FILTERS: Filters = {
  sort: 'attention',
  category: '',
  status: '',
  urgency: '',
  district: '',
  whose: '',
  unread: false,
  needsAction: false,
  from: '',
  until: '',
};

/** Return the filters as a tab keeps them, for this officer alone. */
export function kept(filters: Filters, username: string): string {
  return JSON.stringify({ username, filters });
}

/** Return the filters that a tab has kept for this officer; none for what is not understood. */
export function keptFor(username: string, text: string | null): Filters {
  try {
    const found = JSON.parse(text ?? '') as { username?: unknown; filters?: Record<string, unknown> };
    if (found.username !== username) return NO_FILTERS;
    const known = Object.entries(NO_FILTERS).map(([name, none]) => {
      const value = found.filters?.[name];
      return [name, typeof value === typeof none ? value : none];
    });
    return Object.fromEntries(known) as Filters;
  } catch {
    return NO_FILTERS;
  }
}

export interface ListQuery {
  sort?: 'attention' | 'newest';
  category?: string;
  status?: Status;
  urgency?: Urgency;
  district?: string;
  assignee?: string;
  unread?: true;
  needs_action?: true;
  since?: string;
  until?: string;
}

/** Return the parameters of the list, for the officer with this username. */
export function queryOf(filters: Filters, username: string): ListQuery {
  const { sort, category, status, urgency, district, whose, unread, needsAction } = filters;
  return {
    sort: isDone(status) ? 'newest' : sort,
    ...(category && { category }),
    ...(status && { status }),
    ...(urgency && { urgency }),
    ...(district && { district }),
    ...(whose && { assignee: whose === 'me' ? username : 'none' }),
    ...(unread && { unread: true as const }),
    ...(needsAction && { needs_action: true as const }),
    ...periodOf(filters),
  };
}

/** Return whether no day can be one of these: the first is after the last. */
export function isReversed({ from, until }: Days): boolean {
  return from !== '' && until !== '' && from > until;
}

/** Return what came in on these days, in the words of the API. */
export function periodOf({ from, until }: Days): Pick<ListQuery, 'since' | 'until'> {
  return { ...(from && { since: beginOf(from) }), ...(until && { until: beginOf(until, 1) }) };
}

/** Return whether the list has no closed or withdrawn reports but those on which a step waits. */
export function leavesOutDone({ sort, status }: Pick<Filters, 'sort' | 'status'>): boolean {
  return sort === 'attention' && status === '';
}

/** Return what an export can be narrowed by, but for the days, which its own dialog asks for. */
export function exportedBy({ category, status, district, assignee }: ListQuery) {
  return {
    ...(category && { category }),
    ...(status && { status }),
    ...(district && { district }),
    ...(assignee && { assignee }),
  };
}

/** Return the filters that are set, and that an export does not know: it holds more than the list. */
export function notExportedBy({ urgency, unread, needsAction }: Filters): NotExported[] {
  const set = { urgency: urgency !== '', unread, needsAction };
  return (['urgency', 'unread', 'needsAction'] as const).filter((name) => set[name]);
}

export type NotExported = 'urgency' | 'unread' | 'needsAction';

/**
 * Return whether the list has a place for a burst, whose reports are new, critical or high, and
 * nobody's. Where they are is not known.
 */
export function hasBurst(
  filters: Filters,
  { category, since, until }: Pick<Burst, 'category' | 'since' | 'until'>,
): boolean {
  const { sort, status, urgency, whose } = filters;
  const { since: first = '', until: end = '9' } = periodOf(filters);
  return (
    until > first &&
    since < end &&
    sort === 'attention' &&
    ['', category].includes(filters.category) &&
    ['', 'new'].includes(status) &&
    ['', 'critical', 'high'].includes(urgency) &&
    whose !== 'me'
  );
}

/** The order by attention leaves out what is done. */
function isDone(status: Filters['status']): boolean {
  return status === 'closed' || status === 'withdrawn';
}

/** Return how many filters are set; the order is none. */
export function countOf(filters: Filters): number {
  const { sort: _, ...narrowing } = filters;
  return Object.values(narrowing).filter(Boolean).length;
}

/** Return the filters that an address asks for, such as that of a digest; null without any. */
export function filtersOf(path: string): Filters | null {
  const asked = new URLSearchParams(path.split('?', 2)[1] ?? '');
  const [category, district] = [asked.get('category') ?? '', asked.get('district') ?? ''];
  if (!CODE.test(category) && !CODE.test(district)) return null;
  return {
    ...NO_FILTERS,
    category: CODE.test(category) ? category : '',
    district: CODE.test(district) ? district : '',
  };
}

const CODE = /^[a-z][a-z0-9_]{0,39}$/;

/** The order of the list by attention, for reports that come in another one (docs/officers.md). */
type Ranked = Pick<
  ListedReport,
  'status' | 'urgency' | 'flags' | 'due' | 'unread' | 'source' | 'received_at'
>;

/** Compare two reports: what needs somebody first, and of the same rank the oldest. */
export function byAttention(one: Ranked, other: Ranked): number {
  return rankOf(one) - rankOf(other) || one.received_at.localeCompare(other.received_at);
}

/** The numbers are those of docs/officers.md, and halves within them. What a source has sent is not known. */
function rankOf({ status, urgency, flags, due, unread, source }: Ranked): number {
  const isUnread = unread > 0;
  if (status === 'closed' || status === 'withdrawn') return isUnread ? 6 : 9;
  if (source === 'drill') return isUnread ? 6 : 8;
  const [isNew, isReviewed] = [status === 'new', due.includes('review')];
  const isOverdue = isNew && flags.includes('overdue');
  if (urgency === 'critical') return isNew ? 1 : isReviewed ? 1.5 : isUnread ? 4 : 4.2;
  if (urgency === 'high' && isNew) return isOverdue ? 2 : 2.5;
  if (urgency === 'high') return isReviewed ? 3 : isUnread ? 4.4 : 4.6;
  if (due.length > 0 || isOverdue) return 5;
  if (isUnread) return 6;
  return urgency === 'low' ? 8 : 7;
}
