import { useEffect, useState } from 'preact/hooks';
import { Button } from '../../shared/components/button.tsx';
import { listed, parted } from '../../shared/language.ts';
import { clock } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { ok, Refusal, useStep } from '../parts/asking.tsx';
import { byAttention } from '../queue/filters.ts';
import { pathTo } from '../router.ts';
import type { ListedReport, Schemas } from '../types.ts';
import { wordFor, words } from '../words.ts';
import { text } from './texts.ts';

type HandoverOf = Schemas['Handover'];
type ReportIds = Schemas['ReportIds'];

// What must not be overlooked comes first.
const PARTS = ['overdue', 'unread', 'awaiting_approval', 'open'] as const;

interface Read {
  handover: HandoverOf;
  rows: ReadonlyMap<string, ListedReport>;
  at: string;
}

/** What one shift hands over to the next, on screen and on paper. */
export function Handover() {
  const { api, me } = useDesk();
  const [read, setRead] = useState<Read | null>(null);
  const step = useStep();
  const show = () =>
    step.run(async () => {
      const handover = await ok(api.GET('/v1/officer/handover'));
      const rows = new Map(handover.items.map((row) => [row.id, row]));
      setRead({ handover, rows, at: new Date().toISOString() });
    });
  return (
    <section class="card handover" aria-labelledby="handover">
      <h2 id="handover">{text().handoverTitle}</h2>
      <p class="handover__screen">{text().handoverWhat}</p>
      <div class="row handover__screen">
        <Button busy={step.busy} onClick={() => void show()}>
          {read ? text().handoverAgain : text().handoverShow}
        </Button>
        {read && <Button onClick={() => print()}>{text().print}</Button>}
      </div>
      <Refusal failure={step.failure} />
      {read && <Summary read={read} name={me.name || me.username} />}
    </section>
  );
}

function Summary({ read, name }: { read: Read; name: string }) {
  const { handover, rows, at } = read;
  return (
    <>
      <p>
        <strong>
          {parted([
            text().handoverSince(clock(handover.since)),
            handover.until ? text().handoverUntil(clock(handover.until)) : '',
          ])}
        </strong>
        <br />
        {handover.shifts.length ? text().shifts(listed(handover.shifts)) : text().noShift}
        <br />
        {text().order}
      </p>
      <p class="handover__paper">{text().printed(name, clock(at))}</p>
      {PARTS.map((part) => (
        <Part
          key={part}
          title={text().parts[part]}
          reports={handover[part]}
          rows={rows}
          isWhole={handover.complete}
        />
      ))}
      {!handover.complete && <p>{text().incomplete}</p>}
    </>
  );
}

function Part({
  title,
  reports,
  rows,
  isWhole,
}: {
  title: string;
  reports: ReportIds;
  rows: Read['rows'];
  /** Whether there are no more than these. */
  isWhole: boolean;
}) {
  const { names } = useDesk();
  useEffect(() => {
    for (const { assignee, category, district } of rows.values()) {
      if (assignee !== null) names.learn(assignee, category, district);
    }
  }, [names, rows]);
  // They come the newest first, and rows have their time to the minute: so the oldest is first within
  // it.
  const known = reports.report_ids
    .flatMap((id) => rows.get(id) ?? [])
    .reverse()
    .sort(byAttention);
  return (
    <>
      <h3>
        {title}{' '}
        <span class="count">
          {isWhole ? '' : `${text().atLeast} `}
          {reports.count}
        </span>
      </h3>
      {reports.count === 0 ? (
        <p class="muted">{isWhole ? text().nothing : text().noneFound}</p>
      ) : (
        <ul class="handover__list">
          {known.map((row) => (
            <li key={row.id}>
              <a href={pathTo(`reports/${row.id}`)}>{row.reference}</a>{' '}
              {[
                clock(row.received_at),
                wordFor(words().urgency, row.urgency),
                names.category(row.category),
                row.gist ?? '',
                names.district(row.district),
                wordFor(words().status, row.status),
                row.assignee === null ? '' : names.officer(row.assignee),
              ]
                .filter(Boolean)
                .join(' · ')}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
