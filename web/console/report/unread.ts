/** What of a report is unread. The API counts messages and later places together. */

import type { Report } from '../types.ts';

type Read = Pick<Report, 'unread' | 'messages' | 'positions'>;
type Kind = 'messages' | 'positions';

interface Entry {
  kind: Kind;
  id: string;
  at: string;
}

/**
 * Return the ids of the reporter's latest messages and places, as many as are unread. Both are timed
 * to the minute: of those that came in the minute of the first one, rather too many than too few.
 */
export function unreadOf({ unread, messages, positions }: Read): Record<Kind, ReadonlySet<string>> {
  const written = messages.filter(({ from }) => from === 'reporter');
  const entries: Entry[] = [
    ...written.map(({ id, sent_at: at }): Entry => ({ kind: 'messages', id, at })),
    ...positions.map(({ id, received_at: at }): Entry => ({ kind: 'positions', id, at })),
  ];
  const latest = entries.reverse().sort((one, other) => other.at.localeCompare(one.at));
  const first = latest.slice(0, unread).at(-1)?.at ?? '';
  const later = latest.filter(({ at }) => at > first).length;
  const of = (kind: Kind): ReadonlySet<string> => {
    const own = latest.filter((entry) => entry.kind === kind);
    const atFirst = own.filter(({ at }) => at === first).slice(0, unread - later);
    return new Set([...own.filter(({ at }) => at > first), ...atFirst].map(({ id }) => id));
  };
  return unread === 0
    ? { messages: new Set(), positions: new Set() }
    : { messages: of('messages'), positions: of('positions') };
}
