import { useEffect, useState } from 'preact/hooks';
import { Button } from '../../shared/components/button.tsx';
import { listed, parted } from '../../shared/language.ts';
import { clock } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { ok, Refusal, useStep } from '../parts/asking.tsx';
import { byAttention } from '../queue/filters.ts';
import { pathTo } from '../router.ts';
import type { Api, ListedReport, Schemas } from '../types.ts';
import { wordFor, words } from '../words.ts';
import { text } from './texts.ts';

type HandoverOf = Schemas['Handover'];
type ReportIds = Schemas['ReportIds'];

// What must not be overlooked comes first.
const PARTS = ['overdue', 'unread', 'awaiting_approval', 'open'] as const;
const PAGE = 50;

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
      setRead({ handover, rows: await rowsOf(api, handover), at: new Date().toISOString() });
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
        <Part key={part} title={text().parts[part]} reports={handover[part]} rows={rows} />
      ))}
      {!handover.complete && <p>{text().incomplete}</p>}
    </>
  );
}

function Part({
  title,
  reports,
  rows,
}: {
  title: string;
  reports: ReportIds;
  rows: Read['rows'];
}) {
  const { names } = useDesk();
  useEffect(() => {
    for (const { assignee, category, district } of rows.values()) {
      if (assignee !== null) names.learn(assignee, category, district);
    }
  }, [names, rows]);
  const more = reports.count - reports.report_ids.length;
  // They come the newest first, and rows have their time to the minute: so the oldest is first within
  // it. A report whose row is not known stands behind the others.
  const known = reports.report_ids
    .flatMap((id) => rows.get(id) ?? [])
    .reverse()
    .sort(byAttention);
  const unknown = reports.report_ids.filter((id) => !rows.has(id));
  return (
    <>
      <h3>
        {title} <span class="count">{reports.count}</span>
      </h3>
      {reports.count === 0 ? (
        <p class="muted">{text().nothing}</p>
      ) : (
        <ul class="handover__list">
          {[...known.map(({ id }) => id), ...unknown].map((id) => {
            const row = rows.get(id);
            return (
              <li key={id}>
                <a href={pathTo(`reports/${id}`)}>{row?.reference ?? id}</a>
                {row && (
                  <>
                    {' '}
                    {[
                      clock(row.received_at),
                      wordFor(words().urgency, row.urgency),
                      names.category(row.category),
                      names.district(row.district),
                      wordFor(words().status, row.status),
                      row.assignee === null ? '' : names.officer(row.assignee),
                    ]
                      .filter(Boolean)
                      .join(' · ')}
                  </>
                )}
              </li>
            );
          })}
          {more > 0 && <li>{text().andMore(more)}</li>}
        </ul>
      )}
    </>
  );
}

/**
 * Return the list's rows of the reports: a handover has ids alone. Two lists hold most of them, and
 * a report that is in neither is shown by its id.
 */
async function rowsOf(api: Api, handover: HandoverOf): Promise<Map<string, ListedReport>> {
  const lists = [
    { since: handover.since, limit: PAGE },
    { needs_action: true, sort: 'attention', limit: PAGE },
  ] as const;
  const pages = await Promise.all(
    lists.map((query) =>
      ok(api.GET('/v1/officer/reports', { params: { query: { ...query, fold: 'none' } } })),
    ),
  );
  return new Map(pages.flatMap((page) => page.items).map((row) => [row.id, row]));
}
