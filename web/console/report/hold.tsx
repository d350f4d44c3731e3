/**
 * A legal hold: asked for by one officer, approved by another, and ended in the same way. What waits
 * is declined by a colleague, and taken back by whoever asked.
 */

import { useState } from 'preact/hooks';
import city from 'virtual:city';

import { Button } from '../../shared/components/button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { Status } from '../../shared/components/status.tsx';
import { useSaid } from '../../shared/language.ts';
import { clock, instant } from '../../shared/time.ts';
import { type Failure, outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { focusField } from '../parts/focus.ts';
import { ReasonForm } from '../parts/reason-form.tsx';
import { SecondPerson } from '../parts/second-person.tsx';
import type { Report } from '../types.ts';
import { type OfReport, useStep } from './open-report.ts';
import { reportTexts, withoutDots } from './texts.ts';

const UNTIL = 'hold-until';

export function Hold({ open, report }: OfReport) {
  const t = reportTexts();
  const { hold } = report;
  const [asking, setAsking] = useState<'hold' | Ending | null>(null);
  const [done, setDone] = useSaid('');
  const [wrong, setWrong] = useSaid('');
  // What was pressed stays what is sent, also when the report is read anew meanwhile.
  const ending = asking === 'hold' ? null : asking;
  const ask = (what: 'hold' | Ending) => {
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
        <Held open={open} report={report} onEnd={ask} onApproved={setDone} />
      )}
      <Dialog open={asking === 'hold'} title={withoutDots(t.more.holdAsk)} onClose={close}>
        <AskHold open={open} report={report} onClose={close} />
      </Dialog>
      <Dialog
        open={ending !== null}
        title={ending ? withoutDots(labelOf(ending)) : ''}
        onClose={close}
      >
        {ending && (
          <EndHold
            open={open}
            report={report}
            ending={ending}
            onClose={close}
            onDone={setDone}
            onTooLate={setWrong}
          />
        )}
      </Dialog>
    </>
  );
}

interface HeldProps extends OfReport {
  onEnd: (ending: Ending) => void;
  /** With what has been approved, in the language of the screen. */
  onApproved: (words: () => string) => void;
}

function Held({ open, report, onEnd, onApproved }: HeldProps) {
  const t = reportTexts();
  const { api, me, names } = useDesk();
  const step = useStep(open);
  const { hold } = report;
  if (hold === null) return null;
  const ending = endingOf(hold, me.username);
  const waits = hold.approved_by === null;
  const header = { 'If-Match': (waits ? hold : hold.lift)?.tag ?? '' };
  const params = { path: { report_id: report.id }, header };
  const approve = async () => {
    const failure = waits
      ? await step(
          outcomeOf(api.POST('/v1/officer/reports/{report_id}/hold/approve', { params })),
          (approved) => ({ hold: approved }),
        )
      : await step(
          outcomeOf<unknown>(
            api.POST('/v1/officer/reports/{report_id}/hold/lift/approve', { params }),
          ),
          () => ({ hold: null }),
        );
    open.problem.value = failure?.text ?? null;
    if (open.problem.value !== null) return;
    onApproved(() => reportTexts().more[waits ? 'holdApproved' : 'liftApproved']);
  };
  const label = waits ? t.more.holdApprove : t.more.liftApprove;
  return (
    <>
      <p>
        {waits
          ? t.more.holdBy(names.officer(hold.by), clock(hold.until))
          : t.more.holdActive(clock(hold.until))}
      </p>
      <p class="hint">{hold.reason}</p>
      {hold.lift && <p>{t.more.liftBy(names.officer(hold.lift.by), hold.lift.reason)}</p>}
      <SecondPerson
        isMine={(hold.lift ?? hold).by === me.username}
        approve={waits || hold.lift ? { label, act: approve } : null}
        end={{ label: labelOf(ending), act: () => onEnd(ending) }}
      />
    </>
  );
}

interface FormProps extends OfReport {
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
    open.merge({ hold: outcome.data });
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
      <TextField
        id={UNTIL}
        label={t.more.holdUntil}
        error={error}
        type="date"
        required
        value={day}
        onValue={choose}
      />
    </ReasonForm>
  );
}

interface EndProps extends FormProps {
  ending: Ending;
  /** With what has come of it, in the language of the screen. */
  onDone: (words: () => string) => void;
  /** With what is said when a colleague was faster: there is no such request any more. */
  onTooLate: (words: string) => void;
}

const TOO_LATE: ReadonlySet<string | undefined> = new Set([
  'hold_approved',
  'no_hold',
  'no_lift',
]);

function EndHold({ open, report, ending, onClose, onDone, onTooLate }: EndProps) {
  const { more: t } = reportTexts();
  const { api, names } = useDesk();
  const step = useStep(open);
  const { what, colleague } = ending;
  const end = async (reason: string) => {
    const params = { path: { report_id: report.id } };
    const failure =
      what === 'lifting'
        ? await step(
            outcomeOf<unknown>(
              api.POST('/v1/officer/reports/{report_id}/hold/lift/decline', {
                params,
                body: { reason },
              }),
            ),
            (_, { hold }) => ({ hold: hold && { ...hold, lift: null } }),
          )
        : await step(
            outcomeOf(
              api.DELETE('/v1/officer/reports/{report_id}/hold', {
                params,
                // Whoever ends a request has not asked for the end of a hold.
                body: { reason, only_request: what === 'request' },
              }),
            ),
            // Without one to lift there is no hold any more.
            (lift, { hold }) => ({ hold: hold && lift ? { ...hold, lift } : null }),
          );
    if (failure !== null && !TOO_LATE.has(failure.code)) return failure;
    onClose();
    if (failure === null) {
      if (what === 'lifting') onDone(() => doneText(colleague && names.officer(colleague)));
      return null;
    }
    onTooLate(failure.text);
    await open.load();
    return null;
  };
  return (
    <ReasonForm
      {...(what === 'lifting' && report.hold && { intro: t.liftStays(clock(report.hold.until)) })}
      {...(colleague !== null && { label: t.holdDeclineWhy(names.officer(colleague)) })}
      submitLabel={withoutDots(labelOf(ending))}
      submit={end}
      cancel={onClose}
    />
  );
}

function doneText(colleague: string | null): string {
  const { more: t } = reportTexts();
  return colleague === null ? t.liftTakenBack : t.liftDeclined(colleague);
}

/** What an officer can end, or ask to end, and the colleague who asked for it, if it was one. */
interface Ending {
  what: 'request' | 'lifting' | 'hold';
  colleague: string | null;
}

/** Return what of a hold can be ended: it waits, to lift it waits, or it is in effect. */
function endingOf(hold: NonNullable<Report['hold']>, username: string): Ending {
  if (hold.approved_by !== null && !hold.lift) return { what: 'hold', colleague: null };
  const { by } = hold.lift ?? hold;
  return { what: hold.lift ? 'lifting' : 'request', colleague: by === username ? null : by };
}

function labelOf({ what, colleague }: Ending): string {
  const { more: t } = reportTexts();
  if (what === 'hold') return t.holdLift;
  return colleague === null ? t.holdTakeBack : t.holdDecline;
}

/** Return the end of a day in the city that is not over; null for any other. */
export function endOfDay(day: string, now = Date.now()): string | null {
  const end = new Date(day && instant(`${day}T23:59:59`, city.timeZone));
  // NaN, that of no day, is not later either.
  return end.valueOf() > now ? end.toISOString() : null;
}

/** Return until when a hold keeps the report; null when none does now. */
export function heldUntil({ hold }: Pick<Report, 'hold'>, now: number): string | null {
  if (hold === null || hold.approved_by === null) return null;
  return Date.parse(hold.until) > now ? hold.until : null;
}

/** Return until when it is kept, and whether that is by a hold; null while that is open. */
export function keptUntil(
  report: Pick<Report, 'hold' | 'kept_until'>,
  now: number,
): { until: string; isHeld: boolean } | null {
  const held = heldUntil(report, now);
  const { kept_until: kept } = report;
  if (held !== null && (kept === null || Date.parse(held) > Date.parse(kept))) {
    return { until: held, isHeld: true };
  }
  return kept === null ? null : { until: kept, isHeld: false };
}
