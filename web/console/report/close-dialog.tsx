
import { useEffect, useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Check, Radios } from '../../shared/components/choices.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { ErrorSummary } from '../../shared/components/error-summary.tsx';
import { Form, TextBox, TextField } from '../../shared/components/field.tsx';
import { Status } from '../../shared/components/status.tsx';
import { useSaid } from '../../shared/language.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { focusPart } from '../parts/focus.ts';
import { ReasonForm } from '../parts/reason-form.tsx';
import { isReference } from '../queue/find.tsx';
import type { Api, Report, ReportChange, Schemas } from '../types.ts';
import { words } from '../words.ts';
import { useOutcomeText } from './fixed-texts.ts';
import type { OfReport } from './open-report.ts';
import { reportTexts } from './texts.ts';

const DISPOSITIONS = [
  'resolved',
  'no_action',
  'duplicate',
  'not_police',
  'unfounded',
  'malicious',
] as const;

interface CloseProps extends OfReport {
  shown: boolean;
  onClose: () => void;
}

export function CloseDialog({ open, report, shown, onClose }: CloseProps) {
  const t = reportTexts();
  const { drafts, me } = useDesk();
  const waits = waitingOf(report, me.username);
  const before = useRef(waits);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what waited when it was opened.
  useEffect(() => {
    before.current = waits;
  }, [shown]);
  const isDone = report.status === 'closed' || (waits !== null && waits !== before.current);
  useEffect(() => {
    if (!shown || !isDone) return;
    for (const key of keysOf(report)) drafts.set(key, '');
    onClose();
    // "Close…", to which the dialog would return the focus, may be gone.
    focusPart('next-step');
  }, [shown, isDone, report, drafts, onClose]);
  return (
    <Dialog open={shown} title={t.close.title} onClose={onClose}>
      <CloseForm open={open} report={report} onClose={onClose} />
    </Dialog>
  );
}

/** Return what an officer's own end that waits says; null when none does. */
function waitingOf({ proposal }: Report, username: string): string | null {
  if (proposal === null || proposal.by !== username) return null;
  return JSON.stringify([proposal.at, proposal.disposition, proposal.reason, proposal.duplicate_of]);
}

interface Wrong {
  field: string;
  text: string;
}

function CloseForm({ open, report, onClose }: Omit<CloseProps, 'shown'>) {
  const t = reportTexts();
  const { api, drafts, me, names } = useDesk();
  const [key, outcome] = keysOf(report);
  const disposition = DISPOSITIONS.find((code) => code === drafts.get(outcome)) ?? null;
  const [reference, setReference] = useState(report.original?.reference ?? '');
  const [errors, setErrors] = useSaid<Wrong[]>([]);
  const [busy, setBusy] = useState(false);
  const reason = drafts.get(key);
  const fixed = useOutcomeText(disposition);
  const error = (field: string) => errors.find((wrong) => wrong.field === field)?.text ?? null;
  const mend = (mended: string) => setErrors(errors.filter(({ field }) => field !== mended));
  const submit = async () => {
    if (busy) return;
    const wrong: Wrong[] = [];
    if (!disposition) wrong.push({ field: 'close-outcome', text: t.close.chooseOne });
    if (!reason.trim()) wrong.push({ field: 'close-reason', text: t.close.missing });
    setBusy(true);
    const original =
      disposition === 'duplicate' ? await originalOf(api, report, reference) : undefined;
    if (original === null) wrong.push({ field: 'close-original', text: t.close.noOriginal });
    setErrors(wrong);
    if (wrong.length === 0 && disposition) {
      const change: ReportChange = { status: 'closed', disposition, reason: reason.trim() };
      // What stands in the way is shown above this dialog, which stays for what was begun.
      await open.change({ ...change, ...(original && { duplicate_of: original }) });
    }
    setBusy(false);
  };
  return (
    <Form onSubmit={submit}>
      <ErrorSummary errors={errors} />
      {open.problem.value && <Status kind="error">{open.problem.value}</Status>}
      {report.assignee !== null && report.assignee !== me.username && (
        <p>{t.close.theirs(names.officer(report.assignee))}</p>
      )}
      {report.urgency === 'critical' && <p>{t.close.critical}</p>}
      {report.review?.escalated && <p>{t.dates.escalated}</p>}
      <Radios
        id="close-outcome"
        legend={t.close.disposition}
        error={error('close-outcome')}
        chosen={disposition}
        onChange={(code) => {
          drafts.set(outcome, code);
          mend('close-outcome');
        }}
        choices={DISPOSITIONS.map((code) => ({
          code,
          label: words().disposition[code],
          hint: t.close.hints[code],
        }))}
      />
      {disposition === 'duplicate' && (
        <TextField
          id="close-original"
          label={t.close.original}
          hint={t.close.originalHint}
          error={error('close-original')}
          list="close-similar"
          autocomplete="off"
          value={reference}
          onValue={(value) => {
            setReference(value);
            mend('close-original');
          }}
        />
      )}
      <datalist id="close-similar">
        {report.similar?.map((other) => <option key={other.id} value={other.reference} />)}
      </datalist>
      <TextBox
        id="close-reason"
        label={t.close.reason}
        hint={disposition && fixed ? <ReadFirst text={fixed} /> : t.close.reasonHint}
        error={error('close-reason')}
        rows={4}
        maxLength={1000}
        value={reason}
        onValue={(value) => {
          drafts.set(key, value);
          mend('close-reason');
        }}
      />
      <div class="row">
        <Button type="submit" kind="primary" busy={busy}>
          {t.close.submit}
        </Button>
        <Button onClick={onClose}>{t.close.cancel}</Button>
      </div>
    </Form>
  );
}

/** What the reporter reads before the officer's words: they are written to follow it. */
function ReadFirst({ text }: { text: string }) {
  const t = reportTexts();
  return (
    <>
      {t.close.readFirst} <q class="close__fixed">{text}</q> {t.close.readThen}
    </>
  );
}

/** Return under which keys the drafts of reason and outcome are. */
function keysOf({ id }: Report): [string, string] {
  return [`close:${id}`, `close-outcome:${id}`];
}

/** Return the id of the original by its reference; null when there is none in the scope. */
async function originalOf(api: Api, report: Report, reference: string): Promise<string | null> {
  if (report.original && report.original.reference === reference) return report.original.id;
  if (!isReference(reference)) return null;
  const params = { query: { reference } };
  const outcome = await outcomeOf(api.GET('/v1/officer/reports', { params }));
  return (outcome.ok && outcome.data.items[0]?.id) || null;
}

/** Close the open duplicates of an original together, with one reason. */
export function CloseDuplicates({ open, report, onClose }: Omit<CloseProps, 'shown'>) {
  const t = reportTexts();
  const { api } = useDesk();
  const fixed = useOutcomeText('duplicate');
  const [skipUnread, setSkipUnread] = useState(true);
  const [skipUnopened, setSkipUnopened] = useState(true);
  const [results, setResults] = useState<Schemas['Outcome'][] | null>(null);
  const submit = async (reason: string) => {
    const outcome = await outcomeOf(
      api.POST('/v1/officer/reports/{report_id}/duplicates/close', {
        params: { path: { report_id: report.id } },
        body: { reason, skip_unread: skipUnread, skip_unopened: skipUnopened },
      }),
    );
    if (!outcome.ok) return outcome.failure;
    setResults(outcome.data.results);
    await open.load();
    return null;
  };
  if (results === null) {
    return (
      <ReasonForm
        intro={
          <>
            {t.related.closeHint} <q class="close__fixed">{fixed}</q>
          </>
        }
        label={t.close.reason}
        submitLabel={t.related.closeSubmit}
        submit={submit}
        cancel={onClose}
      >
        <Check checked={skipUnread} onChange={setSkipUnread}>
          {t.related.skipUnread}
        </Check>
        <Check checked={skipUnopened} onChange={setSkipUnopened}>
          {t.related.skipUnopened}
        </Check>
      </ReasonForm>
    );
  }
  const skipped = results.filter(({ done }) => !done);
  const referenceOf = (id: string) => report.duplicates.find((one) => one.id === id)?.reference ?? id;
  return (
    <div role="status">
      <p>{t.related.closed(results.length - skipped.length, skipped.length)}</p>
      <ul>
        {skipped.map(({ id, why }) => (
          <li key={id}>
            {t.related.skipped(referenceOf(id), t.related.whySkipped[why ?? ''] ?? why ?? '')}
          </li>
        ))}
      </ul>
      <Button onClick={onClose}>{t.related.done}</Button>
    </div>
  );
}
