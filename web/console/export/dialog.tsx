/** Take reports out: one, or a list. Each counts as an opening, with the reason on record. */

import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Check } from '../../shared/components/choices.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { listed } from '../../shared/language.ts';
import { clock, isDay } from '../../shared/time.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { Facts } from '../parts/fact.tsx';
import { ok, useLoaded } from '../parts/asking.tsx';
import { ReasonForm } from '../parts/reason-form.tsx';
import { type Days, isReversed, type NotExported, periodOf } from '../queue/filters.ts';
import { queueTexts } from '../queue/texts.ts';
import { pathTo } from '../router.ts';
import type { Api, Schemas } from '../types.ts';
import { words } from '../words.ts';
import { exportTexts } from './texts.ts';

export type Exported = { report: string } | ListExtent;

interface ExportDialogProps {
  open: boolean;
  onClose: () => void;
  what: Exported;
}

export function ExportDialog({ open, onClose, what }: ExportDialogProps) {
  const t = exportTexts();
  return (
    <Dialog open={open} title={'report' in what ? t.one : t.list} onClose={onClose}>
      <ExportForm what={what} onClose={onClose} />
    </Dialog>
  );
}

function ExportForm({ what, onClose }: { what: Exported; onClose: () => void }) {
  const t = exportTexts();
  const { api } = useDesk();
  const [originals, setOriginals] = useState(false);
  const [custody, setCustody] = useState(false);
  const [days, setDays] = useState<Days>('filters' in what ? what.days : { from: '', until: '' });
  const [made, setMade] = useState<Schemas['Export'] | null>(null);
  if (made) {
    return (
      <>
        <Made made={made} />
        <Button onClick={onClose}>{t.close}</Button>
      </>
    );
  }
  const submit = async (reason: string) => {
    const outcome = await outcomeOf(request(api, what, reason, { originals, custody }, days));
    if (!outcome.ok) return outcome.failure.text;
    setMade(outcome.data);
    return null;
  };
  return (
    <>
      {'filters' in what && (
        <>
          <Extent extent={what} />
          <Period days={days} change={setDays} />
          {!isReversed(days) && <Count filters={{ ...what.filters, ...periodOf(days) }} />}
        </>
      )}
      <ReasonForm
        intro={'report' in what && t.oneHint}
        submitLabel={custody ? t.askForCourt : t.make}
        check={() => (isReversed(days) ? 'export-until' : null)}
        submit={submit}
        cancel={onClose}
      >
        {'report' in what && (
          <>
            {!custody && (
              <Check checked={originals} onChange={setOriginals}>
                {t.originals}
              </Check>
            )}
            <Check id="export-custody" checked={custody} onChange={setCustody} hint={t.courtHint}>
              {t.court}
            </Check>
          </>
        )}
      </ReasonForm>
    </>
  );
}

function Period({ days, change }: { days: Days; change: (days: Days) => void }) {
  const q = queueTexts();
  return (
    <div class="row">
      {(['from', 'until'] as const).map((end) => (
        <TextField
          key={end}
          id={`export-${end}`}
          label={q[end]}
          error={end === 'until' && isReversed(days) ? q.reversed : null}
          optional
          type="date"
          value={days[end]}
          onValue={(day) => {
            if (day === '' || isDay(day)) change({ ...days, [end]: day });
          }}
        />
      ))}
    </div>
  );
}

// As the API has it: docs/officers.md.
const MOST = 250;

/** Say how many reports the zip would hold, before it is asked for. */
function Count({ filters }: { filters: Schemas['ExportFilters'] }) {
  const t = exportTexts();
  const { api } = useDesk();
  const { loaded } = useLoaded(
    () => ok(api.POST('/v1/officer/exports/count', { body: { filters } })),
    JSON.stringify(filters),
  );
  const { value } = loaded;
  return (
    <p role="status">
      {value === null && (loaded.state === 'failed' ? loaded.failure.text : t.counting)}
      {value?.complete && t.holds(value.count)}
      {value && !value.complete && <strong>{t.tooMany(value.count, value.count >= MOST)}</strong>}
    </p>
  );
}

/** Say what was made, with the address while it works, or who has to approve it. */
export function Made({ made }: { made: Schemas['Export'] }) {
  const t = exportTexts();
  if (made.state === 'awaits_approval') {
    return (
      <div role="status">
        <p>{t.awaits(made.count)}</p>
        <p>
          <a href={pathTo(`exports/${made.id}`)}>{t.follow}</a>
        </p>
      </div>
    );
  }
  return (
    <div role="status">
      <p>{t.made(made.count)}</p>
      {made.left_out > 0 && <p>{t.leftOut(made.left_out)}</p>}
      {made.url !== null && (
        <p>
          <a class="button button--primary" href={made.url} download>
            {t.download}
          </a>{' '}
          {made.signature_url != null && (
            <a class="button" href={made.signature_url} download>
              {t.signature}
            </a>
          )}{' '}
          {made.expires_at !== null && <span class="hint">{t.until(clock(made.expires_at))}</span>}
        </p>
      )}
      {made.signature_url != null && <p class="hint">{t.handOn}</p>}
    </div>
  );
}

interface Choices {
  originals: boolean;
  custody: boolean;
}

function request(api: Api, what: Exported, reason: string, choices: Choices, days: Days) {
  const body =
    'report' in what
      ? { report_id: what.report, reason, ...choices }
      : { filters: { ...what.filters, ...periodOf(days) }, reason };
  return api.POST('/v1/officer/exports', { body });
}

/** Which reports an export of a list holds, in words: not always those that the list shows. */
export interface ListExtent {
  filters: Schemas['ExportFilters'];
  /** With which the dialog begins. */
  days: Days;
  /** Filters of the list that the export does not have. */
  wider: readonly NotExported[];
}

type Applied = Schemas['AppliedFilters'];

/** Return in words what an export was narrowed to, but for the time. */
export function filterFacts(
  { category, status, district, assignee }: Partial<Applied>,
  { me, names }: Pick<ReturnType<typeof useDesk>, 'me' | 'names'>,
): [string, string][] {
  const t = exportTexts();
  const q = queueTexts();
  const isNobodys = assignee === 'none';
  const whose = assignee === me.username ? t.mine : isNobodys ? t.nobodys : assignee && names.officer(assignee);
  return [
    [q.category, category ? names.category(category) : t.every],
    [q.status, status ? words().status[status] : isNobodys ? q.all : t.everyStatus],
    [q.district, district ? names.district(district) : t.every],
    [t.assignee, whose || t.every],
  ];
}

export function Extent({ extent: { filters, wider } }: { extent: ListExtent }) {
  const t = exportTexts();
  const q = queueTexts();
  const desk = useDesk();
  return (
    <>
      <p>{t.extent}</p>
      <Facts rows={filterFacts(filters, desk)} />
      {wider.length > 0 && (
        <p>
          <strong>{t.wider(listed(wider.map((name) => q[name])))}</strong>
        </p>
      )}
      <p>{t.listHint}</p>
    </>
  );
}
