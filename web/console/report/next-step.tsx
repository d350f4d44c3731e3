import { Fragment } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/Button.tsx';
import { Status } from '../../shared/components/Status.tsx';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { Fact } from '../parts/fact.tsx';
import { focusPart } from '../parts/focus.ts';
import type { Report, ReportChange } from '../types.ts';
import { wordFor, words } from '../words.ts';
import type { OpenReport } from './open-report.ts';
import { useOutcomeText } from './fixed-texts.ts';
import { reportTexts } from './texts.ts';
import { type Step, stepsOf } from './transitions.ts';

interface NextStepProps {
  open: OpenReport;
  report: Report;
  onClose: () => void;
}

/** The one obvious step, and beside it the others that are possible. */
export function NextStep({ open, report, onClose }: NextStepProps) {
  const t = reportTexts();
  const { api, me } = useDesk();
  const [busy, setBusy] = useState(false);
  const steps = stepsOf(report, me.username);
  const change = async (wanted: ReportChange) => {
    setBusy(true);
    const changed = await open.change(wanted);
    setBusy(false);
    // The button that had the focus is gone.
    if (changed) focusPart('next-step');
  };
  const confirm = async () => {
    setBusy(true);
    open.problem.value = null;
    const params = { path: { report_id: report.id } };
    const outcome = await outcomeOf(
      api.POST('/v1/officer/reports/{report_id}/malicious/confirm', { params }),
    );
    setBusy(false);
    if (outcome.ok) {
      await open.load();
      focusPart('next-step');
    } else open.problem.value = outcome.failure.text;
  };
  const take = (step: Step) => {
    if (step.kind === 'close') return onClose();
    if (step.kind === 'confirm') return void confirm();
    const mine = report.status === 'new' && report.assignee === null && step.to === 'acknowledged';
    void change({ status: step.to, ...(mine && { assignee: me.username }) });
  };
  const takeIt = report.status === 'new' && report.assignee === null;
  return (
    <section class="card next-step" aria-labelledby="next-step">
      <h2 id="next-step">{t.next.title}</h2>
      <Changed report={report} />
      <Proposal report={report} />
      <Ending report={report} />
      {steps.length === 0 && <p class="muted">{t.next.done}</p>}
      <div class="next-step__buttons">
        {steps.map((step, index) => (
          <Fragment key={wordsOf(step, report)}>
            <OneStep
              step={wordsOf(step, report)}
              kind={index === 0 && report.status !== 'closed' ? 'primary' : 'secondary'}
              busy={busy && index === 0}
              onClick={() => take(step)}
            />
            {takeIt && index === 0 && (
              <OneStep
                step="acknowledge"
                kind="secondary"
                busy={false}
                onClick={() => void change({ status: 'acknowledged' })}
              />
            )}
          </Fragment>
        ))}
      </div>
    </section>
  );
}

interface OneStepProps {
  step: StepWords;
  kind: 'primary' | 'secondary';
  busy: boolean;
  onClick: () => void;
}

/** A step, and what it does. */
function OneStep({ step, kind, busy, onClick }: OneStepProps) {
  const { next } = reportTexts();
  const id = `step-${step}-hint`;
  return (
    <div>
      <Button kind={kind} busy={busy} onClick={onClick} aria-describedby={id}>
        {next.steps[step]}
      </Button>
      <p class="hint" id={id}>
        {next.hints[step]}
      </p>
    </div>
  );
}

/** Say what came of a step, which has moved the focus here. */
function Changed({ report: { status } }: { report: Report }) {
  const before = useRef(status);
  const [hasChanged, setChanged] = useState(false);
  useEffect(() => {
    if (before.current !== status) setChanged(true);
    before.current = status;
  }, [status]);
  return (
    <Status>{hasChanged ? reportTexts().next.now(wordFor(words().status, status)) : ''}</Status>
  );
}

function Proposal({ report: { proposal } }: { report: Report }) {
  const t = reportTexts();
  const { me, names } = useDesk();
  if (proposal === null) return null;
  const { by } = proposal;
  return <p>{by === me.username ? t.next.ownProposal : t.next.proposed(names.officer(by))}</p>;
}

/** The outcome, and what the reporter reads: also before “malicious” is confirmed. */
export function Ending({ report: { disposition, reason } }: { report: Report }) {
  const t = reportTexts();
  const fixed = useOutcomeText(disposition);
  if (disposition === null && reason === null) return null;
  return (
    <dl class="facts">
      {disposition !== null && (
        <Fact name={t.next.outcome}>{words().disposition[disposition]}</Fact>
      )}
      {reason !== null && (
        <Fact name={t.next.reason}>
          {fixed && <p>{fixed}</p>}
          <p>{reason}</p>
        </Fact>
      )}
    </dl>
  );
}

type StepWords = keyof ReturnType<typeof reportTexts>['next']['steps'];

/** Return under which words a step stands. */
function wordsOf(step: Step, { status, assignee }: Report): StepWords {
  if (step.kind !== 'status') return step.kind;
  if (status === 'closed') return step.to === 'in_progress' ? 'reopen' : 'reopenWaiting';
  if (step.to === 'in_progress') return 'in_progress';
  if (status === 'in_progress') return 'handBack';
  return assignee === null ? 'acknowledgeTake' : 'acknowledge';
}
