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

/** Return whether a version, or words about the end, wait for a second officer. */
export function awaitsApproval(bulletin: ListedBulletin): boolean {
  return bulletin.declined === null && (bulletin.pending || bulletin.pending_words !== null);
}

export function grouped(bulletins: readonly ListedBulletin[], username: string): Groups {
  const groups: Groups = { mine: [], others: [], declined: [], published: [], ended: [] };
  for (const each of bulletins) {
    if (awaitsApproval(each)) {
      (each.authors.includes(username) ? groups.others : groups.mine).push(each);
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
