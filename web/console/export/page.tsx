/** An export that takes two officers: what is asked and why, who decides, and its zips. */

import { useEffect, useState } from 'preact/hooks';

import { Button, Spinner } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { clock } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { ok, Refusal, useLoaded, useStep } from '../parts/asking.tsx';
import { Facts } from '../parts/fact.tsx';
import { ReasonForm } from '../parts/reason-form.tsx';
import { DeclinedBy, SecondPerson } from '../parts/second-person.tsx';
import { pathTo } from '../router.ts';
import type { Schemas } from '../types.ts';
import { filterFacts, Made } from './dialog.tsx';
import { exportTexts } from './texts.ts';
import './export.css';

type Opened = Schemas['OpenExport'];

export function ExportPage({ id }: { id: string }) {
  const t = exportTexts();
  const { api, me } = useDesk();
  const params = { path: { export_id: id } };
  const { loaded, again } = useLoaded(
    () => ok(api.GET('/v1/officer/exports/{export_id}', { params })),
    id,
  );
  const take = async (call: Parameters<typeof ok>[0]) => {
    await ok(call);
    await again();
  };
  const approve = () => {
    const header = { 'If-Match': loaded.value?.tag ?? '' };
    return take(
      api.POST('/v1/officer/exports/{export_id}/approve', { params: { ...params, header } }),
    );
  };
  const decline = (reason: string) =>
    take(api.POST('/v1/officer/exports/{export_id}/decline', { params, body: { reason } }));
  // It has other reports by now, or somebody has decided it: the page shows that beside the refusal.
  const deal = async () => {
    await again();
    return false;
  };
  const pending = loaded.value;
  const isMine = pending?.by === me.username;
  const failure = loaded.state === 'failed' ? loaded.failure : null;
  return (
    <div class="narrow card">
      <h1>{pending?.custody ? t.court : t.title}</h1>
      <Status kind="error">{failure?.text ?? ''}</Status>
      {pending === null && !failure && <Spinner label={t.loading} />}
      {pending && <About pending={pending} />}
      {pending?.approved_by === null && pending.declined === null && (
        <SecondPerson
          isMine={isMine}
          hint={pending.custody ? t.approveCourtHint : t.approveHint}
          approve={pending.tag ? { label: t.approve, act: approve, deal } : null}
          end={{
            label: isMine ? t.takeBack : t.decline,
            reason: {
              label: isMine ? t.takeBackWhy : t.declineWhy,
              submitLabel: isMine ? t.takeBackNow : t.declineNow,
              send: decline,
            },
            deal,
          }}
        />
      )}
      {pending?.approved_by && isMine && <Parts pending={pending} />}
    </div>
  );
}

function About({ pending }: { pending: Opened }) {
  const t = exportTexts();
  const desk = useDesk();
  const { names } = desk;
  const { by, approved_by: approver, declined, filters } = pending;
  const people = [by, approver, declined?.by, filters?.assignee].filter((each) => each != null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: they are known by their names.
  useEffect(() => void names.meet(people), [names, people.join()]);
  const of: [string, string][] = filters
    ? filterFacts(filters, desk)
    : [[t.originals, pending.originals ? t.yes : t.no]];
  if (filters?.since) of.push([t.since, clock(filters.since)]);
  if (filters?.until) of.push([t.before, clock(filters.until)]);
  const rows: [string, string | number][] = [
    [t.by, names.officer(by)],
    [t.at, clock(pending.at)],
    ...(pending.reason === null ? [] : of),
    [t.count, pending.count],
    [t.approvedBy, approver ? names.officer(approver) : t.nobody],
    [declined ? t.shownUntil : t.ends, clock(pending.ends_at)],
  ];
  return (
    <>
      {pending.reason === null ? (
        <p>{t.unread}</p>
      ) : (
        <blockquote class="words">{pending.reason}</blockquote>
      )}
      {declined && (
        <DeclinedBy
          lines={[t.declinedBy(names.officer(declined.by), clock(declined.at))]}
          reason={declined.reason ?? ''}
        />
      )}
      <Facts rows={rows} />
      <h2 id="references">{t.references}</h2>
      <ul class="references" aria-labelledby="references">
        {pending.reports.map(({ id, reference }) => (
          <li key={id}>
            <a href={pathTo(`reports/${id}`)}>{reference}</a>
          </li>
        ))}
      </ul>
    </>
  );
}

function Parts({ pending }: { pending: Opened }) {
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

function Part({ pending, part }: { pending: Opened; part: number }) {
  const t = exportTexts();
  const { api } = useDesk();
  const [made, setMade] = useState<Schemas['Export'] | null>(null);
  const step = useStep();
  if (made) return <Made made={made} />;
  const params = { path: { export_id: pending.id, part: String(part) } };
  const make = (body: { reason?: string }) =>
    step.run(async () =>
      setMade(await ok(api.POST('/v1/officer/exports/{export_id}/parts/{part}', { params, body }))),
    );
  // One that was approved in release 0.2.0rc1 has no reason of its own.
  if (pending.reason === null) {
    const submit = async (reason: string) => {
      await make({ reason });
      return null;
    };
    return (
      <>
        <Refusal failure={step.failure} />
        <ReasonForm submitLabel={t.part(part, pending.parts)} submit={submit} />
      </>
    );
  }
  return (
    <>
      <Refusal failure={step.failure} />
      <Button kind="primary" busy={step.busy} onClick={() => void make({})}>
        {t.part(part, pending.parts)}
      </Button>
    </>
  );
}
