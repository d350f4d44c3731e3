/** A legal hold: asked for by one officer, approved by another, and ended in the same way. */

import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/Button.tsx';
import { Dialog } from '../../shared/components/Dialog.tsx';
import { Field } from '../../shared/components/Field.tsx';
import { Status } from '../../shared/components/Status.tsx';
import { useSaid } from '../../shared/said.ts';
import { type Failure, type Outcome, outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { clock } from '../moments.ts';
import { focusField } from '../parts/focus.ts';
import { ReasonForm } from '../parts/reason-form.tsx';
import type { Report } from '../types.ts';
import { endOfDay } from './kept.ts';
import { type OpenReport, useStep } from './open-report.ts';
import { reportTexts, withoutDots } from './texts.ts';

const UNTIL = 'hold-until';

interface Props {
  open: OpenReport;
  report: Report;
}

export function Hold({ open, report }: Props) {
  const t = reportTexts();
  const { hold } = report;
  const endLabel = useEndLabel(report);
  const [asking, setAsking] = useState<'hold' | 'end' | null>(null);
  const [done, setDone] = useSaid('');
  const [wrong, setWrong] = useSaid('');
  const ask = (what: 'hold' | 'end') => {
    setDone('');
    setWrong('');
    setAsking(what);
  };
  const close = () => setAsking(null);
  return (
    <>
      <h3>{t.more.hold}</h3>
      <Status kind="success">{done}</Status>
      <Status kind="error">{wrong}</Status>
      {hold === null ? (
        <Button onClick={() => ask('hold')}>{t.more.holdAsk}</Button>
      ) : (
        <Held
          open={open}
          report={report}
          onEnd={() => ask('end')}
          onApproved={setDone}
        />
      )}
      <Dialog open={asking === 'hold'} title={withoutDots(t.more.holdAsk)} onClose={close}>
        <AskHold open={open} report={report} onClose={close} />
      </Dialog>
      <Dialog
        open={asking === 'end'}
        title={withoutDots(endLabel)}
        onClose={close}
      >
        <EndHold open={open} report={report} onClose={close} onApproved={setWrong} />
      </Dialog>
    </>
  );
}

interface HeldProps extends Props {
  onEnd: () => void;
  /** With what has been approved, in the language of the screen. */
  onApproved: (words: () => string) => void;
}

function Held({ open, report, onEnd, onApproved }: HeldProps) {
  const t = reportTexts();
  const { api, me, names } = useDesk();
  const step = useStep(open);
  const endLabel = useEndLabel(report);
  const { hold } = report;
  if (hold === null) return null;
  const params = { path: { report_id: report.id } };
  const settle = async (call: Promise<Outcome<unknown>>, done: () => string) => {
    open.problem.value = (await step(call))?.text ?? null;
    if (open.problem.value === null) onApproved(done);
  };
  const approve = () =>
    settle(
      outcomeOf(api.POST('/v1/officer/reports/{report_id}/hold/approve', { params })),
      () => reportTexts().more.holdApproved,
    );
  const lift = () =>
    settle(
      outcomeOf(api.POST('/v1/officer/reports/{report_id}/hold/lift/approve', { params })),
      () => reportTexts().more.liftApproved,
    );
  const waits = hold.approved_by === null;
  return (
    <>
      <p>
        {waits
          ? t.more.holdBy(names.officer(hold.by), clock(hold.until))
          : t.more.holdActive(clock(hold.until))}
      </p>
      <p class="hint">{hold.reason}</p>
      {hold.lift && <p>{t.more.liftBy(names.officer(hold.lift.by), hold.lift.reason)}</p>}
      <div class="row">
        {waits && hold.by !== me.username && (
          <Button kind="primary" onClick={() => void approve()}>
            {t.more.holdApprove}
          </Button>
        )}
        {hold.lift && hold.lift.by !== me.username && (
          <Button kind="primary" onClick={() => void lift()}>
            {t.more.liftApprove}
          </Button>
        )}
        {!hold.lift && <Button onClick={onEnd}>{endLabel}</Button>}
      </div>
    </>
  );
}

interface FormProps extends Props {
  onClose: () => void;
}

function AskHold({ open, report, onClose }: FormProps) {
  const t = reportTexts();
  const { api } = useDesk();
  const [day, setDay] = useState('');
  const [error, setError] = useSaid<string | null>(null);
  const check = () => {
    const isFuture = endOfDay(day) !== null;
    setError(isFuture ? null : () => reportTexts().more.holdFuture);
    return isFuture ? null : UNTIL;
  };
  const ask = async (reason: string) => {
    const body = { reason, until: endOfDay(day) ?? '' };
    const params = { path: { report_id: report.id } };
    const outcome = await outcomeOf(
      api.POST('/v1/officer/reports/{report_id}/hold', { params, body }),
    );
    if (!outcome.ok) return refuse(outcome.failure);
    onClose();
    await open.load();
    return null;
  };
  const refuse = (failure: Failure): Failure | null => {
    const ofDay = failure.problem?.errors?.find(({ field }) => field === 'until');
    setError(ofDay?.detail ?? null);
    if (ofDay) focusField(UNTIL);
    return ofDay ? null : failure;
  };
  const choose = (value: string) => {
    setDay(value);
    setError(null);
  };
  return (
    <ReasonForm
      intro={t.more.holdHint}
      submitLabel={t.more.holdSubmit}
      check={check}
      submit={ask}
      cancel={onClose}
    >
      <Field id={UNTIL} label={t.more.holdUntil} error={error}>
        {(control) => (
          <input
            {...control}
            type="date"
            required
            value={day}
            onInput={(event) => choose(event.currentTarget.value)}
          />
        )}
      </Field>
    </ReasonForm>
  );
}

interface EndProps extends FormProps {
  /** With what is said when there is no request to end any more: it was approved. */
  onApproved: (words: string) => void;
}

function EndHold({ open, report, onClose, onApproved }: EndProps) {
  const t = reportTexts();
  const { api, me, names } = useDesk();
  const step = useStep(open);
  const endLabel = useEndLabel(report);
  const end = async (reason: string) => {
    const params = { path: { report_id: report.id } };
    // Whoever ends a request has not asked for the end of a hold.
    const body = { reason, only_request: report.hold?.approved_by === null };
    const failure = await step(
      outcomeOf(api.DELETE('/v1/officer/reports/{report_id}/hold', { params, body })),
    );
    if (failure !== null && failure.code !== 'hold_approved') return failure;
    onClose();
    if (failure === null) return null;
    onApproved(failure.text);
    await open.load();
    return null;
  };
  const colleague = colleagueWhoAsks(report, me.username);
  return (
    <ReasonForm
      {...(colleague !== null && { label: t.more.holdDeclineWhy(names.officer(colleague)) })}
      submitLabel={withoutDots(endLabel)}
      submit={end}
      cancel={onClose}
    />
  );
}

/** Return what ending a hold is called: it is a request, one's own or a colleague's, or in effect. */
function useEndLabel(report: Report): string {
  const { more: t } = reportTexts();
  const { me } = useDesk();
  if (report.hold?.approved_by) return t.holdLift;
  return colleagueWhoAsks(report, me.username) === null ? t.holdEnd : t.holdDecline;
}

/** Return the colleague whose request for a hold waits; null when it is one's own, or none. */
function colleagueWhoAsks({ hold }: Report, username: string): string | null {
  const waits = hold !== null && hold.approved_by === null;
  return waits && hold.by !== username ? hold.by : null;
}
