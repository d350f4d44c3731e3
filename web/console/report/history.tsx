import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { useSaid } from '../../shared/said.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { span } from '../moments.ts';
import { type Folded, folded } from '../parts/folded.ts';
import type { Medium, Report, ReportEvent } from '../types.ts';
import { useAgencies } from './agencies.ts';
import { type Known, linesOf } from './events.ts';
import { reportTexts } from './texts.ts';

/** Who did and saw what: read when somebody asks for it, since reading it is on record, too. */
export function History({ report }: { report: Report }) {
  const t = reportTexts();
  const { api } = useDesk();
  const [items, setItems] = useState<ReportEvent[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [problem, setProblem] = useSaid('');
  const [busy, setBusy] = useState(false);
  const read = async (from: string | null) => {
    setBusy(true);
    const outcome = await outcomeOf(
      api.GET('/v1/officer/reports/{report_id}/history', {
        params: { path: { report_id: report.id }, ...(from !== null && { query: { cursor: from } }) },
      }),
    );
    setBusy(false);
    if (!outcome.ok) return setProblem(outcome.failure.text);
    setItems([...(from === null ? [] : (items ?? [])), ...outcome.data.items]);
    setCursor(outcome.data.next_cursor);
  };
  return (
    <section class={items === null ? 'card no-print' : 'card'} aria-labelledby="history">
      <h2 id="history">{t.history.title}</h2>
      <Status kind="error">{problem}</Status>
      {items === null && (
        <div class="no-print">
          <p class="hint">{t.history.hint}</p>
          <Button busy={busy} onClick={() => void read(null)}>
            {t.history.show}
          </Button>
        </div>
      )}
      <ol class="history">
        {items && <Entries items={items} media={report.media} />}
      </ol>
      {cursor !== null && (
        <Button busy={busy} onClick={() => void read(cursor)}>
          {t.history.more}
        </Button>
      )}
    </section>
  );
}

function Entries({ items, media }: { items: ReportEvent[]; media: Medium[] }) {
  const known = { agencies: useAgencies(), media };
  return (
    <>
      {folded(items).map((line, index) => (
        <Entry key={index} line={line} known={known} />
      ))}
    </>
  );
}

function Entry({ line, known }: { line: Folded<ReportEvent>; known: Known }) {
  const t = reportTexts();
  const { names } = useDesk();
  const { item, until, count } = line;
  return (
    <li>
      <p class="message__head">
        <time dateTime={item.at}>{span(item.at, until)}</time> <strong title={item.by}>{names.officer(item.by)}</strong>{' '}
        {t.history.actions[item.action]}
        {count > 1 && ` ${t.history.times(count)}`}
      </p>
      {linesOf(item, names, known).map((line) => (
        <p key={line} class="hint">
          {line}
        </p>
      ))}
      {!item.verified && <p class="message__altered">{t.history.altered}</p>}
    </li>
  );
}
