/** Who opened what: one's own openings, and for an auditor everybody's. */

import { useEffect, useRef, useState } from 'preact/hooks';
import city from 'virtual:city';

import { Button } from '../../shared/components/button.tsx';
import { Select } from '../../shared/components/choices.tsx';
import { Form, TextField } from '../../shared/components/field.tsx';
import { colon } from '../../shared/language.ts';
import { clock, instant } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { ok, Refusal, useStep } from '../parts/asking.tsx';
import { Paged, usePages } from '../parts/lists.tsx';
import { pathTo } from '../router.ts';
import { isAuditor, type Opening, type OpeningKind, type Schemas } from '../types.ts';
import { text } from './texts.ts';
import './openings.css';

type Page = Schemas['OpeningPage'];

/** What is asked for; what is left out is anything. */
interface Asked {
  officer?: string;
  report_id?: string;
  kind?: OpeningKind;
  since?: string;
  until?: string;
}

export function OpeningsPage() {
  const { me } = useDesk();
  return isAuditor(me) ? <AllOpenings /> : <OwnOpenings />;
}

function OwnOpenings() {
  const { api } = useDesk();
  const pages = usePages((cursor) =>
    ok(api.GET('/v1/officer/me/openings', { params: { query: cursor } })),
  );
  const begin = useRef(pages.read);
  useEffect(() => void begin.current(null), []);
  return (
    <>
      <h1>{text().own}</h1>
      <p>{text().ownWhat}</p>
      <Paged pages={pages} more={text().more}>
        {(page) => <Openings page={page} />}
      </Paged>
    </>
  );
}

const KINDS: readonly OpeningKind[] = ['open', 'original', 'contact'];

function AllOpenings() {
  const { api } = useDesk();
  const [asked, setAsked] = useState({ officer: '', report: '', kind: '', since: '', until: '' });
  // What is shown, and exported, is what was asked, whatever is in the fields by now.
  const [answered, setAnswered] = useState<Asked>({});
  const write = (change: Partial<typeof asked>) => setAsked({ ...asked, ...change });
  const pages = usePages((cursor) => {
    const filters = cursor.cursor ? answered : filtersOf(asked);
    setAnswered(filters);
    return ok(api.GET('/v1/audit/openings', { params: { query: { ...filters, ...cursor } } }));
  });
  return (
    <>
      <h1>{text().all}</h1>
      <p>{text().allWhat}</p>
      <Form class="card openings__form" aria-label={text().filters} onSubmit={() => void pages.read(null)}>
        <div class="row">
          <TextField
            id="openings-officer"
            label={text().officer}
            optional
            autocomplete="off"
            autocapitalize="none"
            value={asked.officer}
            onValue={(officer) => write({ officer })}
          />
          <TextField
            id="openings-report"
            label={text().report}
            optional
            autocomplete="off"
            value={asked.report}
            onValue={(report) => write({ report })}
          />
          <Select
            id="openings-kind"
            label={text().kind}
            chosen={asked.kind}
            onChange={(kind) => write({ kind })}
            choices={[
              { code: '', label: text().every },
              ...KINDS.map((code) => ({ code: code as string, label: text().kinds[code] })),
            ]}
          />
          {(['since', 'until'] as const).map((end) => (
            <TextField
              key={end}
              id={`openings-${end}`}
              label={text()[end]}
              optional
              type="datetime-local"
              value={asked[end]}
              onValue={(value) => write({ [end]: value })}
            />
          ))}
        </div>
        <Button kind="primary" type="submit" busy={pages.step.busy}>
          {text().ask}
        </Button>
      </Form>
      <Paged pages={pages} more={text().next}>
        {(page) => <Openings page={page} />}
      </Paged>
      {pages.page && pages.page.items.length > 0 && (
        <Export key={JSON.stringify(answered)} filters={answered} />
      )}
    </>
  );
}

function filtersOf(asked: Record<'officer' | 'report' | 'kind' | 'since' | 'until', string>): Asked {
  const at = (local: string) => instant(local, city.timeZone);
  return {
    ...(asked.officer.trim() && { officer: asked.officer.trim() }),
    ...(asked.report.trim() && { report_id: asked.report.trim() }),
    ...(asked.kind && { kind: asked.kind as OpeningKind }),
    ...(asked.since && { since: at(asked.since) }),
    ...(asked.until && { until: at(asked.until) }),
  };
}

function Openings({ page: { items, next_cursor } }: { page: Page }) {
  return (
    <>
      <p role="status">{text().found(items.length, next_cursor !== null)}</p>
      {items.length > 0 && (
        <ol class="rows">
          {items.map((each, index) => (
            <One key={index} opening={each} />
          ))}
        </ol>
      )}
    </>
  );
}

function One({ opening }: { opening: Opening }) {
  const { me } = useDesk();
  const t = text();
  const { at, by, kind, report_id, reference, part, has_reason, verified } = opening;
  const facts = [
    clock(at),
    isAuditor(me) && by,
    part && t.part(part),
    opening.export && t.exported,
    has_reason && t.reason,
    isAuditor(me) && report_id,
  ];
  return (
    <li class="rows__one">
      <span class="rows__title">
        {t.kinds[kind]}{' '}
        {isAuditor(me) ? reference : <a href={pathTo(`reports/${report_id}`)}>{reference}</a>}
      </span>
      <p class="rows__facts">
        {facts.filter(Boolean).map((fact) => (
          <span key={fact}>{fact}</span>
        ))}
        {!verified && <strong class="state state--waiting">{t.altered}</strong>}
      </p>
    </li>
  );
}

function Export({ filters }: { filters: Asked }) {
  const { api } = useDesk();
  const [made, setMade] = useState<Schemas['OpeningsExport'] | null>(null);
  const step = useStep();
  const make = () =>
    step.run(async () => {
      setMade(await ok(api.POST('/v1/audit/openings/export', { body: filters })));
    });
  return (
    <section class="card">
      <p>{text().exportWhat}</p>
      <Button onClick={make}>{text().export}</Button>
      <Refusal failure={step.failure} />
      {made && (
        <div role="status">
          <p>{text().made(made.count)}</p>
          <p>
            <a class="button button--primary" href={made.url} download>
              {text().download}
            </a>{' '}
            <span class="hint">{text().works(clock(made.expires_at))}</span>
          </p>
          <p class="hint openings__sum">
            {text().checksum}
            {colon()}
            <code>{made.sha256}</code>
          </p>
        </div>
      )}
    </section>
  );
}
