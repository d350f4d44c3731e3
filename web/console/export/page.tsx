/** An export that takes two officers: who asked, who approves, and its zips. */

import { useEffect, useState } from 'preact/hooks';

import { Spinner } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { clock } from '../../shared/time.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { ok, useLoaded } from '../parts/asking.tsx';
import { Facts } from '../parts/fact.tsx';
import { ReasonForm } from '../parts/reason-form.tsx';
import { SecondPerson } from '../parts/second-person.tsx';
import { pathTo } from '../router.ts';
import type { Schemas } from '../types.ts';
import { Made } from './dialog.tsx';
import { exportTexts } from './texts.ts';

type Pending = Schemas['PendingExport'];

export function ExportPage({ id }: { id: string }) {
  const t = exportTexts();
  const { api, me } = useDesk();
  const params = { path: { export_id: id } };
  const { loaded, again } = useLoaded(
    () => ok(api.GET('/v1/officer/exports/{export_id}', { params })),
    id,
  );
  const approve = async () => {
    const header = { 'If-Match': loaded.value?.tag ?? '' };
    await ok(api.POST('/v1/officer/exports/{export_id}/approve', { params: { ...params, header } }));
    await again();
  };
  const pending = loaded.value;
  const failure = loaded.state === 'failed' ? loaded.failure : null;
  return (
    <div class="narrow card">
      <h1>{pending?.custody ? t.court : t.title}</h1>
      <Status kind="error">{failure?.text ?? ''}</Status>
      {pending === null && !failure && <Spinner label={t.loading} />}
      {pending && <About pending={pending} />}
      {pending?.approved_by === null && pending.by !== me.username && (
        <SecondPerson
          isMine={false}
          hint={pending.custody ? t.approveCourtHint : t.approveHint}
          approve={{ label: t.approve, act: approve }}
          end={null}
        />
      )}
      {pending?.approved_by && pending.by === me.username && <Parts pending={pending} />}
    </div>
  );
}

function About({ pending }: { pending: Pending }) {
  const t = exportTexts();
  const { names } = useDesk();
  const { by, approved_by: approver } = pending;
  useEffect(() => void names.meet(approver ? [by, approver] : [by]), [names, by, approver]);
  const rows: [string, string | number][] = [
    [t.by, names.officer(by)],
    [t.at, clock(pending.at)],
    [t.count, pending.count],
    [t.approvedBy, approver ? names.officer(approver) : t.nobody],
    [t.ends, clock(pending.ends_at)],
  ];
  return (
    <>
      <Facts rows={rows} />
      {pending.report_id && (
        <p>
          <a href={pathTo(`reports/${pending.report_id}`)}>{t.report}</a>
        </p>
      )}
    </>
  );
}

function Parts({ pending }: { pending: Pending }) {
  const t = exportTexts();
  const numbers = Array.from({ length: pending.parts }, (_, index) => index + 1);
  return (
    <>
      {numbers.map((part) => (
        <Part key={part} pending={pending} part={part} />
      ))}
      <p class="hint">{pending.custody ? t.courtHint : t.oneHint}</p>
    </>
  );
}

function Part({ pending, part }: { pending: Pending; part: number }) {
  const t = exportTexts();
  const { api } = useDesk();
  const [made, setMade] = useState<Schemas['Export'] | null>(null);
  if (made) return <Made made={made} />;
  const submit = async (reason: string) => {
    const outcome = await outcomeOf(
      api.POST('/v1/officer/exports/{export_id}/parts/{part}', {
        params: { path: { export_id: pending.id, part: String(part) } },
        body: { reason },
      }),
    );
    if (!outcome.ok) return outcome.failure.text;
    setMade(outcome.data);
    return null;
  };
  return <ReasonForm submitLabel={t.part(part, pending.parts)} label={t.reason} submit={submit} />;
}
