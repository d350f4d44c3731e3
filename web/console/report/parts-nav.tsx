import { queueTexts } from '../queue/texts.ts';
import type { Report } from '../types.ts';
import type { OpenReport } from './open-report.ts';
import { reportTexts } from './texts.ts';
import { unreadOf } from './unread.ts';

export type Part = keyof ReturnType<typeof reportTexts>['parts'];

const PARTS: readonly Part[] = [
  'next-step',
  'talk',
  'facts',
  'media',
  'place',
  'notes',
  'related',
  'history',
];
/** The list of later places, at the end of the place. */
export const LATER = 'positions';
// What nobody sees of a withdrawn report, until it is opened for a reason.
const WITHHELD: readonly Part[] = ['facts', 'media', 'place', 'talk'];

/** The way to each part of a long report. It stays in sight. */
export function PartsNavigation({ open, report }: { open: OpenReport; report: Report }) {
  const t = reportTexts();
  const parts = report.restricted ? PARTS.filter((part) => !WITHHELD.includes(part)) : PARTS;
  const counts: Partial<Record<Part, number>> = {
    media: report.media.length,
    talk: report.message_count,
    notes: report.notes.length,
    related: (report.similar?.length ?? 0) + report.duplicate_count,
  };
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
              {Boolean(counts[part]) && <span class="report__count">{counts[part]}</span>}
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
