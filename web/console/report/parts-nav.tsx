import { queueTexts } from '../queue/texts.ts';
import type { Report } from '../types.ts';
import { reportTexts } from './texts.ts';

type Part = keyof ReturnType<typeof reportTexts>['parts'];

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
// What nobody sees of a withdrawn report, until it is opened for a reason.
const WITHHELD: readonly Part[] = ['facts', 'media', 'place', 'talk'];

/** The way to each part of a long report. It stays in sight. */
export function PartsNavigation({ report }: { report: Report }) {
  const t = reportTexts();
  const parts = report.restricted ? PARTS.filter((part) => !WITHHELD.includes(part)) : PARTS;
  const counts: Partial<Record<Part, number>> = {
    media: report.media.length,
    talk: report.message_count,
    notes: report.notes.length,
    related: (report.similar?.length ?? 0) + report.duplicate_count,
  };
  return (
    <nav class="report__parts" aria-label={t.partsLabel}>
      <ul>
        {parts.map((part) => (
          <li key={part}>
            <a
              href={`#${part}`}
              onClick={(event) => show(event, part)}
            >
              <span>{t.parts[part]}</span>
              {Boolean(counts[part]) && <span class="report__count">{counts[part]}</span>}
              {part === 'talk' && report.unread > 0 && (
                <span class="report__count report__count--unread">
                  {queueTexts().unreadCount(report.unread)}
                </span>
              )}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function show(event: Event, part: Part): void {
  event.preventDefault();
  goToPart(part);
}

/** Go to a part without a word in the address, which "back" would have to pass. */
export function goToPart(part: Part): void {
  const heading = document.getElementById(part);
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  heading.closest('section')?.scrollIntoView({ block: 'start' });
}
