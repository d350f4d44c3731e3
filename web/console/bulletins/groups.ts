/** How the list of bulletins is ordered: what awaits approval comes first. */

import type { components } from '../../shared/schema';

export type ListedBulletin = components['schemas']['ListedBulletin'];

export interface Groups {
  /** Await approval by this officer. */
  mine: ListedBulletin[];
  /** Await approval by somebody else, because this officer wrote part of them. */
  others: ListedBulletin[];
  /** Were declined, and are to be written anew by anybody of the channel. */
  declined: ListedBulletin[];
  /** What readers see now, the next to expire first. */
  published: ListedBulletin[];
  ended: ListedBulletin[];
}

/** What says whether something of a bulletin waits, and for whom. */
export type Approvable = Pick<
  ListedBulletin,
  'id' | 'declined' | 'pending' | 'pending_words' | 'authors'
>;

/** Return whether a version, or words about the end, wait for a second officer. */
export function awaitsApproval(bulletin: Approvable): boolean {
  return bulletin.declined === null && (bulletin.pending || bulletin.pending_words !== null);
}

/** Return whether they wait for this officer: nobody approves what they have written a part of. */
export function awaitsApprovalOf(bulletin: Approvable, username: string): boolean {
  return awaitsApproval(bulletin) && !bulletin.authors.includes(username);
}

export function grouped(bulletins: readonly ListedBulletin[], username: string): Groups {
  const groups: Groups = { mine: [], others: [], declined: [], published: [], ended: [] };
  for (const each of bulletins) {
    if (awaitsApprovalOf(each, username)) {
      groups.mine.push(each);
    } else if (awaitsApproval(each)) {
      groups.others.push(each);
    } else if (each.declined) {
      groups.declined.push(each);
    } else if (each.state === 'published') {
      groups.published.push(each);
    } else {
      groups.ended.push(each);
    }
  }
  groups.published.sort((a, b) => (a.expires_at ?? '').localeCompare(b.expires_at ?? ''));
  return groups;
}
