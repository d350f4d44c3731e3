/** What has changed of a report that is open, as its row in the list says. */

import type { ListedReport, Report } from '../types.ts';

export type News =
  | 'message'
  | 'place'
  | 'media'
  | 'ready'
  | 'withdrawn'
  | 'reopened'
  | 'changed';

type Shown = Pick<Report, 'status' | 'version' | 'unread' | 'media'>;
type Row = Pick<ListedReport, 'status' | 'version' | 'unread' | 'media'>;

/**
 * Return what the row has that the report, as it is shown, has not. `read`: the messages were read
 * since, so that what is unread beyond them are places.
 */
export function newsOf(shown: Shown, row: Row, read: boolean): News[] {
  const news: News[] = [];
  if (row.status === 'withdrawn' && shown.status !== 'withdrawn') news.push('withdrawn');
  // A reopening by the reporter leaves the version as it is.
  else if (row.version === shown.version && row.status !== shown.status) news.push('reopened');
  else if (row.version !== shown.version) news.push('changed');
  if (row.unread > shown.unread) news.push(read ? 'place' : 'message');
  // The row counts the reporter's files only, not what officers have sent.
  const media = shown.media.filter(({ from }) => from === 'reporter');
  if (row.media.total !== media.length) news.push('media');
  else if (row.media.ready !== media.filter(({ state }) => state === 'ready').length) {
    news.push('ready');
  }
  return news;
}
