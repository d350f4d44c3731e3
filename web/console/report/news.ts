/** What has changed of a report that is open, as its row in the list says. */

import type { ListedReport, Report } from '../types.ts';
import { type Waiting, waitingSteps } from './waiting.ts';

export type News =
  | 'message'
  | 'place'
  | 'media'
  | 'ready'
  | 'withdrawn'
  | 'reopened'
  | 'changed';

type Shown = Waiting & Pick<Report, 'version' | 'unread' | 'media' | 'flags'>;
type Row = Pick<ListedReport, 'status' | 'version' | 'unread' | 'media' | 'flags' | 'awaits'>;

// What officers do to a report without a new version of it.
const OF_OFFICERS = ['muted', 'passed_on'] as const;

/**
 * Return what the row has that the report, as it is shown, has not. `read`: the messages were read
 * since, so that what is unread beyond them are places.
 */
export function newsOf(shown: Shown, row: Row, read: boolean, now: number): News[] {
  const news: News[] = [];
  if (row.status === 'withdrawn' && shown.status !== 'withdrawn') news.push('withdrawn');
  // A reopening by the reporter leaves the version as it is.
  else if (row.version === shown.version && row.status !== shown.status) news.push('reopened');
  else if (row.version !== shown.version || hasStepOfSecond(shown, row, now)) news.push('changed');
  if (row.unread > shown.unread) news.push(read ? 'place' : 'message');
  // The row counts the reporter's files only, not what officers have sent.
  const media = shown.media.filter(({ from }) => from === 'reporter');
  if (row.media.total !== media.length) news.push('media');
  else if (row.media.ready !== media.filter(({ state }) => state === 'ready').length) {
    news.push('ready');
  }
  return news;
}

/** Return whether an officer has begun, approved or ended something: none of that is a version. */
function hasStepOfSecond(shown: Shown, row: Row, now: number): boolean {
  const waits = waitingSteps(shown, now);
  return (
    waits.length !== row.awaits.length ||
    waits.some((step) => !row.awaits.includes(step)) ||
    OF_OFFICERS.some((flag) => shown.flags.includes(flag) !== row.flags.includes(flag))
  );
}
