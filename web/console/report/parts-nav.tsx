import { Button } from '../../shared/components/button.tsx';
import { focusHeading } from '../parts/focus.ts';
import { queueTexts } from '../queue/texts.ts';
import type { Report } from '../types.ts';
import { type OfReport, type OpenReport, unreadOf } from './open-report.ts';
import { reportTexts } from './texts.ts';
import './notice.css';

export type Part = keyof ReturnType<typeof reportTexts>['parts'];

const PARTS: readonly Part[] = [
  'next-step',
  'talk',
  'facts',
  'media',
  'place',
  'related',
  'notes',
  'history',
];
/** The list of later places, at the end of the place. */
export const LATER = 'positions';
/** So many similar reports the API names at most: there may be more. */
export const MOST_SIMILAR = 10;
// What nobody sees of a withdrawn report, until it is opened for a reason.
const WITHHELD: readonly Part[] = ['facts', 'media', 'place', 'talk'];

/** The way to each part of a long report. It stays in sight. */
export function PartsNavigation({ open, report }: OfReport) {
  const t = reportTexts();
  const parts = report.restricted ? PARTS.filter((part) => !WITHHELD.includes(part)) : PARTS;
  const counts: Partial<Record<Part, number>> = {
    media: report.media.length,
    talk: report.message_count,
    notes: report.notes.length,
    related: (report.similar?.length ?? 0) + report.duplicate_count,
  };
  const isCapped = (part: Part) => part === 'related' && report.similar?.length === MOST_SIMILAR;
  const unread = unreadIn(open, report);
  return (
    <nav class="report__parts" aria-label={t.partsLabel}>
      <ul>
        {parts.map((part) => (
          <li key={part}>
            <a
              href={`#${part}`}
              onClick={(event) => show(event, part === 'place' && unread.place ? LATER : part)}
            >
              <span>{t.parts[part]}</span>
              {Boolean(counts[part]) && (
                <span class="report__count">
                  {counts[part]}
                  {isCapped(part) && '+'}
                </span>
              )}
              {Boolean(unread[part]) && (
                <span class="report__count report__count--unread">
                  {queueTexts().unreadCount(unread[part] ?? 0)}
                </span>
              )}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** Return how much is unread in each part. A place stays so, after any step, until it was in sight. */
function unreadIn(open: OpenReport, report: Report): Partial<Record<Part, number>> {
  const { messages, positions } = unreadOf(report);
  return { talk: messages.size, place: positions.size || open.unsightedPlaces.value.size };
}

function show(event: Event, id: Part | typeof LATER): void {
  event.preventDefault();
  goToPart(id);
}

/** Go to a part without a word in the address, which "back" would have to pass. */
export function goToPart(id: Part | typeof LATER): void {
  const heading = document.getElementById(id);
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  const part = heading.tagName === 'H2' ? heading.closest('section') : heading;
  part?.scrollIntoView({ block: 'start' });
}

/** What has changed of the report while it is open, in sight wherever the officer is. */
export function Notice({ open, report }: OfReport) {
  const t = reportTexts();
  const news = open.news.value;
  const unsighted = open.unsighted.value;
  const reload = async () => {
    await open.load();
    if (open.unsightedPlaces.value.size > 0) requestAnimationFrame(lookAt);
    else if (open.news.value.length === 0) focusHeading();
  };
  const read = () => {
    goToPart('talk');
    open.sight();
  };
  const later = open.unsightedPlaces.value.size > 0;
  const lookAt = () => {
    goToPart(LATER);
    open.sightPlaces();
  };
  // It is read out in the conversation; until it is in sight, this is the way to it.
  const isWaiting = unsighted.size > 0;
  const said = news.filter((one) => !(isWaiting && one === 'message'));
  return (
    <div class="notice no-print">
      {isWaiting && (
        <p class="notice__one notice__one--message">
          {whoWrote(report, unsighted)}
          <Button onClick={read}>{t.news.read}</Button>
        </p>
      )}
      {later && (
        <p class="notice__one notice__one--message">
          {t.news.place}
          <Button onClick={lookAt}>{t.news.look}</Button>
        </p>
      )}
      <div role="status">
        {said.length > 0 && (
          <p class="notice__one">
            <span>{said.map((one) => t.news[one]).join(' ')}</span>
            <Button kind="primary" busy={open.loading.value} onClick={() => void reload()}>
              {t.news.show}
            </Button>
          </p>
        )}
      </div>
    </div>
  );
}

/** Say who has written the messages with these ids. */
export function whoWrote(report: Report, ids: ReadonlySet<string>): string {
  const { news } = reportTexts();
  const written = report.messages.filter(({ id }) => ids.has(id));
  return written.some(({ from }) => from === 'reporter') ? news.message : news.colleague;
}
