/** Pass a report on to another agency: two officers do it, because what is out does not come back. */

import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Checks, Select } from '../../shared/components/choices.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { TextBox } from '../../shared/components/field.tsx';
import { Status } from '../../shared/components/status.tsx';
import { useSaid } from '../../shared/language.ts';
import { clock } from '../../shared/time.ts';
import { type Failure, outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import type { Names } from '../names.ts';
import { focusField } from '../parts/focus.ts';
import { ReasonForm } from '../parts/reason-form.tsx';
import type { Agency, Referral, Schemas, Supplement } from '../types.ts';
import type { OfReport } from './open-report.ts';
import { Declined, ReferralDocument } from './referral-document.tsx';
import { reportTexts } from './texts.ts';
import { aboutText, agencyName, useAgencies } from './values.ts';

export function Referrals({ open, report }: OfReport) {
  const t = reportTexts();
  const { names } = useDesk();
  const agencies = useAgencies();
  const [dialog, setDialog] = useState<'propose' | Referral | null>(null);
  // Pictures that the form is about; without, it is about the report.
  const [supplement, setSupplement] = useState<Supplement | null>(null);
  const [done, setDone] = useSaid('');
  const show = (what: 'propose' | Referral) => {
    setDone('');
    setDialog(what);
  };
  const propose = (what: Supplement | null) => {
    setSupplement(what);
    show('propose');
  };
  const close = () => setDialog(null);
  const label = (code: string) => agencyName(agencies, code);
  const pending = report.referrals.find(({ approved_by: by }) => by === null);
  // What the reporter has withdrawn is read no more, also by whoever is at it.
  const isWithdrawn = report.status === 'withdrawn';
  const declined = isWithdrawn ? null : report.declined_referral;
  // The one that was opened stays, with what is written about it, when another takes its place.
  const shown = isWithdrawn || dialog === 'propose' ? null : dialog;
  if (isWithdrawn && report.referrals.length === 0) return null;
  return (
    <section class="card no-print" aria-labelledby="referrals">
      <h2 id="referrals">{t.referral.title}</h2>
      {report.suggested_agency !== null && (
        <p class="report__note">{t.referral.suggested(label(report.suggested_agency))}</p>
      )}
      <Status kind="success">{done}</Status>
      {declined && (
        <>
          <h3>{pending ? t.referral.declinedBefore : t.referral.declined}</h3>
          <Declined declined={declined} />
        </>
      )}
      <ul class="related">
        {report.referrals.map((referral) => (
          <li key={referral.number}>
            <p>{textOf(referral, label(referral.agency), names)}</p>
            {referral.sent && <SentFacts open={open} referral={referral} sent={referral.sent} />}
            {!isWithdrawn && (
              <Button onClick={() => show(referral)}>{t.referral.read}</Button>
            )}
          </li>
        ))}
      </ul>
      {!pending && !isWithdrawn && (
        <>
          {report.supplements.map((late) => (
            <div key={late.agency} class="report__note">
              <p>{t.referral.late(label(late.agency), late.media_ids.length)}</p>
              <Button onClick={() => propose(late)}>{t.referral.supplement}</Button>
            </div>
          ))}
          <Button onClick={() => propose(null)}>{t.more.refer}</Button>
        </>
      )}
      <Dialog open={dialog === 'propose' && !isWithdrawn} title={t.referral.propose} onClose={close}>
        <ReferralForm
          open={open}
          report={report}
          agencies={agencies}
          supplement={supplement}
          onClose={close}
        />
      </Dialog>
      <Dialog open={shown !== null} title={shown ? t.referral.documentOf(label(shown.agency)) : ''} onClose={close}>
        {shown && (
          <ReferralDocument
            open={open}
            referral={shown}
            declined={declined}
            onClose={close}
            onDeclined={setDone}
          />
        )}
      </Dialog>
    </section>
  );
}

function textOf(referral: Referral, agency: string, names: Names): string {
  const { referral: t } = reportTexts();
  if (referral.approved_at !== null) return t.passedOn(agency, clock(referral.approved_at));
  return t.waits(agency, names.officer(referral.by));
}

interface SentProps {
  open: OfReport['open'];
  referral: Referral;
  sent: NonNullable<Referral['sent']>;
}

/** How a referral fares that leaves by itself, and what officers do when it did not. */
function SentFacts({ open, referral, sent }: SentProps) {
  const { referral: t } = reportTexts();
  const { api } = useDesk();
  const [problem, setProblem] = useSaid('');
  const isRefused = sent.state === 'waiting' && sent.notes !== null;
  const notes = `referral-notes-${referral.number}`;
  const handOver = async () => {
    const params = {
      path: { report_id: open.id },
      header: { 'If-Match': `"${referral.number}"` },
    };
    const outcome = await outcomeOf(
      api.POST('/v1/officer/reports/{report_id}/referral/handed-over', { params }),
    );
    if (!outcome.ok) setProblem(outcome.failure.text);
    await open.load();
  };
  return (
    <>
      <p>{isRefused ? t.refused : (t.sent[sent.state] ?? sent.state)}</p>
      <p class="hint">{t.sentAs(sent.reference, sent.request_id)}</p>
      {sent.notes !== null && (
        <>
          <p id={notes}>{t.notes}</p>
          <blockquote class="words" aria-labelledby={notes}>
            {sent.notes}
          </blockquote>
        </>
      )}
      <Status kind="error">{problem}</Status>
      {(sent.state === 'by_hand' || sent.state === 'unclear') && (
        <Button onClick={() => void handOver()}>{t.handOver}</Button>
      )}
    </>
  );
}

type Part = Schemas['Part'];

const INCLUDE = 'referral-include';
const WORDS = 'referral-words';
const PARTS: readonly Part[] = ['text', 'place', 'occurred_at', 'details', 'media'];

interface FormProps extends OfReport {
  agencies: Agency[];
  /** Pictures to pass on to an agency, which are then all that it gets. */
  supplement: Supplement | null;
  onClose: () => void;
}

export function ReferralForm({ open, report, agencies, supplement, onClose }: FormProps) {
  const t = reportTexts();
  const { api } = useDesk();
  const [picked, setPicked] = useState<string | null>(null);
  // The agencies may come after the form.
  const agency = picked ?? report.suggested_agency ?? agencies[0]?.code ?? '';
  const [include, setInclude] = useState<Part[]>([]);
  const chosen = agencies.find(({ code }) => code === agency);
  const [words, setWords] = useState('');
  const isSent = supplement === null && chosen?.receives === 'open311';
  const [error, setError] = useSaid<string | null>(null);
  const check = () => {
    if (isSent) {
      setError(words.trim() ? null : () => reportTexts().referral.noWords);
      return words.trim() ? null : WORDS;
    }
    const isChosen = supplement !== null || include.length > 0;
    setError(isChosen ? null : () => reportTexts().referral.nothing);
    return isChosen ? null : INCLUDE;
  };
  const submit = async (reason: string) => {
    const outcome = await outcomeOf(
      api.POST('/v1/officer/reports/{report_id}/referral', {
        params: { path: { report_id: report.id } },
        body: supplement
          ? { ...supplement, reason, include: ['media'] }
          : isSent
            ? { agency, reason, words, include: chosen.publishes ? [] : include }
            : { agency, reason, include },
      }),
    );
    if (!outcome.ok) return refuse(outcome.failure);
    onClose();
    await open.load();
    return null;
  };
  const refuse = (failure: Failure): Failure | null => {
    if (supplement || !isOfInclude(failure)) return failure;
    setError(failure.text);
    focusField(isSent ? WORDS : INCLUDE);
    return null;
  };
  const changeAgency = (code: string) => {
    setPicked(code);
    choose([]);
  };
  const choose = (parts: Part[]) => {
    setInclude(parts);
    setError(null);
  };
  return (
    <ReasonForm
      intro={
        supplement &&
        t.referral.late(agencyName(agencies, supplement.agency), supplement.media_ids.length)
      }
      label={t.referral.reason}
      submitLabel={t.referral.submit}
      check={check}
      submit={submit}
      cancel={onClose}
    >
      {!supplement && (
        <>
          <Select
            id="agency"
            label={t.referral.agency}
            hint={chosen?.how}
            chosen={agency}
            choices={agencies}
            onChange={changeAgency}
          />
          {isSent && (
            <TextBox
              id={WORDS}
              label={t.referral.words}
              hint={t.referral.wordsHint(chosen.publishes)}
              error={error}
              maxLength={1000}
              value={words}
              onValue={(written) => {
                setWords(written);
                setError(null);
              }}
            />
          )}
          {isSent && !chosen.publishes && (
            <Checks
              id={INCLUDE}
              legend={t.referral.include}
              chosen={include}
              onChange={choose}
              choices={[{ code: 'place' as Part, label: t.referral.withPlace }]}
            />
          )}
          {!isSent && (
            <Checks
              id={INCLUDE}
              legend={t.referral.include}
              hint={t.referral.includeHint}
              error={error}
              chosen={include}
              onChange={choose}
              choices={PARTS.map((code) => ({
                code,
                label: t.referral.parts[code],
                hint: code === 'place' ? aboutText(report.location?.accuracy_m) : null,
              }))}
            />
          )}
        </>
      )}
    </ReasonForm>
  );
}

/** Return whether a refusal is about what the agency gets, such as a picture that is not ready. */
function isOfInclude({ code, problem }: Failure): boolean {
  const fields = problem?.errors?.map(({ field }) => field) ?? [];
  return code === 'redaction_not_ready' || fields.some((field) => /^(agency|words|include|media_ids)\b/.test(field));
}
