/** A request of a person who is written about: what is asked for, and the decision of two officers. */

import { useEffect, useState } from 'preact/hooks';

import { Spinner } from '../../shared/components/button.tsx';
import { choicesOf, Select } from '../../shared/components/choices.tsx';
import { Status } from '../../shared/components/status.tsx';
import { clock } from '../../shared/time.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { ok, useLoaded } from '../parts/asking.tsx';
import { Facts } from '../parts/fact.tsx';
import { ReasonForm } from '../parts/reason-form.tsx';
import { DeclinedBy, SecondPerson } from '../parts/second-person.tsx';
import { pathTo } from '../router.ts';
import type { Schemas } from '../types.ts';
import { wordFor } from '../words.ts';
import { requestTexts } from './texts.ts';

type SubjectRequest = Schemas['SubjectRequest'];

const DECISION = '/v1/officer/requests/{request_number}/decision' as const;
const OUTCOMES = ['granted', 'partly', 'refused'] as const;

export function RequestPage({ id }: { id: string }) {
  const t = requestTexts();
  const { api } = useDesk();
  const { loaded, again } = useLoaded(
    () =>
      ok(
        api.GET('/v1/officer/requests/{request_number}', {
          params: { path: { request_number: id } },
        }),
      ),
    id,
  );
  const found = loaded.value;
  return (
    <div class="narrow card">
      <h1>{t.title(id)}</h1>
      <Status kind="error">{loaded.state === 'failed' ? loaded.failure.text : ''}</Status>
      {found === null && loaded.state !== 'failed' && <Spinner label={t.loading} />}
      {found && (
        <>
          <About found={found} />
          <Decide key={found.decision?.at ?? ''} found={found} again={again} />
        </>
      )}
    </div>
  );
}

function About({ found }: { found: SubjectRequest }) {
  const t = requestTexts();
  const { names } = useDesk();
  const people = [found.by, found.decision?.by, found.declined?.by].filter((each) => each !== undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: they are known by their names.
  useEffect(() => void names.meet(people), [names, people.join()]);
  const { name, phone, email } = found.contact;
  const rows: [string, string][] = [
    [t.right, wordFor(t.rights, found.right)],
    [t.contact, [name, phone, email].filter(Boolean).join(', ')],
    [t.by, names.officer(found.by)],
    [t.due, found.late ? `${clock(found.due_at)} (${t.late})` : clock(found.due_at)],
    [t.outcome, found.outcome === null ? t.open : wordFor(t.outcomes, found.outcome)],
  ];
  return (
    <>
      <blockquote class="words">{found.text}</blockquote>
      <Facts rows={rows} />
      <h2>{t.reports}</h2>
      {found.reports === 0 && <p class="muted">{t.noReports}</p>}
      <ul class="related">
        {found.report_ids.map((each) => (
          <li key={each}>
            <a href={pathTo(`reports/${each}`)}>{each}</a>
          </li>
        ))}
      </ul>
      {found.other_reports > 0 && <p class="muted">{t.others(found.other_reports)}</p>}
    </>
  );
}

interface DecideProps {
  found: SubjectRequest;
  again: () => Promise<unknown>;
}

function Decide({ found, again }: DecideProps) {
  const t = requestTexts();
  const { api, me, names } = useDesk();
  const [outcome, setOutcome] = useState<(typeof OUTCOMES)[number]>('granted');
  const path = { request_number: found.number };
  const { decision, declined } = found;
  const send = async (reason: string) => {
    const body = { outcome, reason };
    const sent = await outcomeOf(api.POST(DECISION, { params: { path }, body }));
    if (sent.ok) await again();
    return sent.ok ? null : sent.failure;
  };
  if (decision === null) {
    return (
      <>
        {declined && (
          <DeclinedBy lines={[t.declined(names.officer(declined.by))]} reason={declined.reason} />
        )}
        <h2>{t.propose}</h2>
        <ReasonForm label={t.reason} submitLabel={t.propose} submit={send}>
          <Select
            id="outcome"
            label={t.outcome}
            chosen={outcome}
            choices={choicesOf(OUTCOMES, t.outcomes)}
            onChange={setOutcome}
          />
        </ReasonForm>
      </>
    );
  }
  const take = async (call: Parameters<typeof ok>[0]) => {
    await ok(call);
    await again();
  };
  const isMine = decision.by === me.username;
  return (
    <>
      <p>{t.proposes(names.officer(decision.by), wordFor(t.outcomes, decision.outcome))}</p>
      <blockquote class="words">{decision.reason}</blockquote>
      {decision.approved_by === null && (
        <SecondPerson
          isMine={isMine}
          hint={t.hint}
          approve={{
            label: t.approve,
            act: () =>
              take(
                api.POST('/v1/officer/requests/{request_number}/decision/approve', {
                  params: { path, header: { 'If-Match': decision.tag ?? '' } },
                }),
              ),
          }}
          end={
            isMine
              ? { label: t.takeBack, act: () => take(api.DELETE(DECISION, { params: { path } })) }
              : {
                  label: t.decline,
                  reason: {
                    submitLabel: t.declineSubmit,
                    send: (reason) =>
                      take(
                        api.POST('/v1/officer/requests/{request_number}/decision/decline', {
                          params: { path },
                          body: { reason },
                        }),
                      ),
                  },
                }
          }
        />
      )}
    </>
  );
}
