/** The dates of an open report: when it is reviewed, and a reminder. */

import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { choicesOf, Select } from '../../shared/components/choices.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { Form, TextField } from '../../shared/components/field.tsx';
import { Status } from '../../shared/components/status.tsx';
import { useSaid } from '../../shared/language.ts';
import { day } from '../../shared/time.ts';
import type { Failure } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { focusField, focusPart } from '../parts/focus.ts';
import { ReasonForm } from '../parts/reason-form.tsx';
import type { Schemas } from '../types.ts';
import { words } from '../words.ts';
import type { OfReport } from './open-report.ts';
import { reportTexts, withoutDots } from './texts.ts';

const KINDS = ['look_again', 'legal_deadline'] as const;
const REVIEW_ON = 'review-on';
const REMIND_ON = 'remind-on';

export function Dates({ open, report }: OfReport) {
  const t = reportTexts().dates;
  if (report.review === null) return null;
  return (
    <section class="card dates no-print" aria-labelledby="dates">
      <h2 id="dates">{t.title}</h2>
      <Review open={open} report={report} review={report.review} />
      <Reminder open={open} report={report} />
    </section>
  );
}

function Review({ open, review }: OfReport & { review: Schemas['Review'] }) {
  const t = reportTexts().dates;
  const { me } = useDesk();
  const [asking, setAsking] = useState(false);
  const [done, setDone] = useSaid('');
  const close = () => setAsking(false);
  return (
    <>
      <p>{review.due_since === null ? t.reviewed(day(review.on)) : t.due}</p>
      {review.escalated && <p class="report__note">{t.escalated}</p>}
      <Status kind="success">{done}</Status>
      {me.roles.includes('supervisor') && <Button onClick={() => setAsking(true)}>{t.keep}</Button>}
      <Dialog open={asking} title={withoutDots(t.keep)} onClose={close}>
        <Keep
          open={open}
          onKept={() => {
            setDone(() => reportTexts().dates.kept);
            close();
          }}
          onCancel={close}
        />
      </Dialog>
    </>
  );
}

interface KeepProps {
  open: OfReport['open'];
  onKept: () => void;
  onCancel: () => void;
}

function Keep({ open, onKept, onCancel }: KeepProps) {
  const t = reportTexts().dates;
  const [on, setOn] = useState('');
  const [wrong, setWrong] = useSaid<string | null>(null);
  const check = () => {
    setWrong(on ? null : () => reportTexts().dates.noDay);
    return on ? null : REVIEW_ON;
  };
  const submit = async (reason: string) => {
    const failure = await open.put('review', { reason, on });
    if (failure === null) onKept();
    return ofDay(failure, setWrong, REVIEW_ON);
  };
  return (
    <ReasonForm
      intro={t.keepHint}
      submitLabel={t.keepSubmit}
      check={check}
      submit={submit}
      cancel={onCancel}
    >
      <TextField
        id={REVIEW_ON}
        label={t.nextReview}
        error={wrong}
        type="date"
        value={on}
        onValue={setOn}
      />
    </ReasonForm>
  );
}

function Reminder({ open, report: { reminder } }: OfReport) {
  const t = reportTexts().dates;
  const { names } = useDesk();
  const [on, setOn] = useState('');
  const [kind, setKind] = useState<(typeof KINDS)[number]>('look_again');
  const [wrong, setWrong] = useSaid<string | null>(null);
  const [problem, setProblem] = useSaid('');
  const [busy, setBusy] = useState(false);
  const set = async (day: string | null) => {
    setProblem('');
    setWrong(null);
    setBusy(true);
    const failure = await open.put('reminder', { on: day, for: kind });
    setBusy(false);
    setProblem(ofDay(failure, setWrong, REMIND_ON)?.text ?? '');
    if (failure !== null) return;
    setOn('');
    // The button that had the focus may be gone.
    focusPart('reminder');
  };
  return (
    <>
      <h3 id="reminder" tabIndex={-1}>
        {t.reminder}
      </h3>
      {reminder !== null && (
        <>
          <p>{t.set(words().due[reminder.for], day(reminder.on), names.officer(reminder.by))}</p>
          <Button busy={busy} onClick={() => void set(null)}>
            {t.remove}
          </Button>
        </>
      )}
      <Form
        onSubmit={() => {
          if (on) return void set(on);
          setWrong(() => reportTexts().dates.noDay);
          focusField(REMIND_ON);
        }}
      >
        <TextField
          id={REMIND_ON}
          label={reminder === null ? t.on : t.otherDay}
          hint={t.hint}
          error={wrong}
          type="date"
          value={on}
          onValue={setOn}
        />
        <Select
          id="remind-for"
          label={t.what}
          chosen={kind}
          choices={choicesOf(KINDS, words().due)}
          onChange={setKind}
        />
        <Status kind="error">{problem}</Status>
        <Button type="submit" busy={busy}>
          {t.submit}
        </Button>
      </Form>
    </>
  );
}

/** Say at the day what is wrong with it. Returns what is left to say. */
function ofDay(
  failure: Failure | null,
  setWrong: (text: string) => void,
  id: string,
): Failure | null {
  const errors = failure?.problem?.errors ?? [];
  const own = errors.find(({ field }) => field === 'on');
  if (own === undefined || errors.length > 1) return failure;
  setWrong(own.detail);
  focusField(id);
  return null;
}
