/** The order of the list by attention, for reports that come in another one (docs/officers.md). */

import type { ListedReport } from '../types.ts';

type Ranked = Pick<
  ListedReport,
  'status' | 'urgency' | 'flags' | 'unread' | 'source' | 'received_at'
>;

/** Compare two reports: what needs somebody first, and of the same rank the oldest. */
export function byAttention(one: Ranked, other: Ranked): number {
  return rankOf(one) - rankOf(other) || one.received_at.localeCompare(other.received_at);
}

function rankOf({ status, urgency, flags, unread, source }: Ranked): number {
  if (source === 'drill') return 3;
  if (status === 'new' && urgency === 'critical') return 0;
  if (status === 'new' && flags.includes('overdue')) return 1;
  return unread > 0 ? 2 : 3;
}
