import { useLayoutEffect, useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { useDesk } from '../desk.ts';
import { Fact } from '../parts/fact.tsx';
import { focusPart } from '../parts/focus.ts';
import { ReasonForm } from '../parts/reason-form.tsx';
import type { Report, ReportChange } from '../types.ts';
import { wordFor, words } from '../words.ts';
import { useOutcomeText } from './fixed-texts.ts';
import type { OfReport } from './open-report.ts';
import { reportTexts } from './texts.ts';

interface NextStepProps extends OfReport {
  onClose: () => void;
}

/** The one obvious step, and beside it the others that are possible. */
export function NextStep({ open, report, onClose }: NextStepProps) {
  const t = reportTexts();
  const { me } = useDesk();
  const [busy, setBusy] = useState<StepWords | null>(null);
  const [isDeclining, setDeclining] = useState(false);
  const pressed = useRef(0);
  const steps = choicesOf(report, me.username);
  const take = async ({ name, wanted }: Choice, button: Element) => {
    // One that is on its way may change what the others do.
    if (steps.some((each) => each.name === busy)) return;
    pressed.current = endOf(button);
    if (wanted === 'close') return onClose();
    if (wanted === 'decline') return setDeclining(true);
    setBusy(name);
    const isTaken = await (wanted === 'confirm' ? open.confirm() : open.change(wanted));
    setBusy((now) => (now === name ? null : now));
    // The button that had the focus is gone.
    if (isTaken) focusPart('next-step');
  };
  return (
    <section class="card next-step" aria-labelledby="next-step">
      <h2 id="next-step">{t.next.title}</h2>
      <Proposal report={report} />
      <Ending report={report} />
      {isDeclining && (
        <Decline open={open} report={report} onClose={() => setDeclining(false)} />
      )}
      {steps.length === 0 && <p class="muted">{t.next.done}</p>}
      <div class="next-step__buttons">
        <Changed report={report} pressed={pressed} />
        {steps.map((step, place) => (
          <OneStep
            key={step.name}
            step={step.name}
            kind={place === 0 && isPlain(report) ? 'primary' : 'secondary'}
            waits={report.proposal !== null}
            busy={busy === step.name}
            onClick={(button) => void take(step, button)}
          />
        ))}
      </div>
    </section>
  );
}

/** Return whether the next step leads on, and is no second officer's word on an end. */
function isPlain({ status, proposal }: Report): boolean {
  return status !== 'closed' && proposal === null;
}

/** Say why an end that waits is declined: who has proposed it reads that in the history. */
function Decline({ open, report: { proposal }, onClose }: NextStepProps) {
  const { next: t } = reportTexts();
  const { names } = useDesk();
  if (proposal === null) return null;
  const decline = async (reason: string) => {
    if (!(await open.change({ disposition: null, reason }))) return open.problem.value;
    onClose();
    focusPart('next-step');
    return null;
  };
  return (
    <ReasonForm
      intro={t.declineWhat}
      label={t.declineWhy(names.officer(proposal.by))}
      submitLabel={t.declineNow}
      submit={decline}
      cancel={onClose}
    />
  );
}

interface OneStepProps {
  step: StepWords;
  kind: 'primary' | 'secondary';
  waits: boolean;
  busy: boolean;
  onClick: (button: Element) => void;
}

/** A step, and what it does. */
function OneStep({ step, kind, waits, busy, onClick }: OneStepProps) {
  const { next } = reportTexts();
  const id = `step-${step}-hint`;
  return (
    <div class="next-step__one">
      <Button
        kind={kind}
        busy={busy}
        onClick={(event) => onClick(event.currentTarget)}
        aria-describedby={id}
      >
        {next.steps[step]}
      </Button>
      <p class="hint" id={id}>
        {hintOf(step, waits)}
      </p>
    </div>
  );
}

/** Return what a step does. While an end waits, reminders of that are sent whoever takes the report. */
export function hintOf(step: StepWords, waits: boolean): string {
  const { hints, hintsWaiting } = reportTexts().next;
  const waiting: Partial<Record<StepWords, string>> = waits ? hintsWaiting : {};
  return waiting[step] ?? hints[step];
}

/** Return where a step ends on the page, with what it says of itself. */
function endOf(button: Element): number {
  return (button.parentElement ?? button).getBoundingClientRect().bottom + scrollY;
}

interface ChangedProps {
  report: Report;
  /** Where the step ended that was pressed last. */
  pressed: { current: number };
}

/**
 * Say what came of a step, which has moved the focus here. It has the room down to
 * where the step ended: whoever presses twice takes no other one, and those below stay where they are.
 */
function Changed({ report, pressed }: ChangedProps) {
  const { status, disposition } = report;
  const waits = report.proposal?.disposition ?? null;
  const t = reportTexts();
  const box = useRef<HTMLDivElement>(null);
  const before = useRef({ status, disposition, waits });
  const [news, setNews] = useState<'status' | 'outcome' | 'waits' | null>(null);
  useLayoutEffect(() => {
    if (before.current.status !== status) setNews('status');
    // Only a confirmation changes the outcome alone.
    else if (before.current.disposition !== disposition) setNews('outcome');
    else if (before.current.waits !== waits) setNews('waits');
    before.current = { status, disposition, waits };
  }, [status, disposition, waits]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `pressed` is a reference.
  useLayoutEffect(() => {
    if (news === null || box.current === null) return;
    const top = box.current.getBoundingClientRect().top + scrollY;
    const room = Math.max(0, pressed.current - top);
    box.current.style.setProperty('--room', `${room}px`);
  }, [news, status, disposition, waits]);
  const said = {
    status: t.next.now(wordFor(words().status, status)),
    outcome: disposition && t.next.outcomeNow(words().disposition[disposition]),
    waits: waits ? t.next.waitsNow(words().disposition[waits]) : t.next.waitsNoMore,
  };
  return (
    <div ref={box} class={news ? 'next-step__changed' : undefined}>
      <Status>{(news && said[news]) ?? ''}</Status>
    </div>
  );
}

function Proposal({ report: { proposal } }: { report: Report }) {
  const t = reportTexts();
  const { me, names } = useDesk();
  if (proposal === null) return null;
  const { by } = proposal;
  const outcome = words().disposition[proposal.disposition];
  const isOwn = by === me.username;
  return <p>{isOwn ? t.next.ownProposal(outcome) : t.next.proposed(names.officer(by), outcome)}</p>;
}

/** The outcome, and what the reporter reads: of an end that waits, what they would read. */
export function Ending({ report }: { report: Report }) {
  const t = reportTexts();
  const { proposal, disposition } = report;
  const fixed = useOutcomeText(proposal?.disposition ?? disposition);
  const reason = proposal?.reason ?? report.reason;
  if (disposition === null && reason === null) return null;
  return (
    <dl class="facts">
      {disposition !== null && (
        <Fact name={t.next.outcome}>{words().disposition[disposition]}</Fact>
      )}
      {reason !== null && (
        <Fact name={proposal ? t.next.reasonThen : t.next.reason}>
          {fixed && <p>{fixed}</p>}
          <p>{reason}</p>
        </Fact>
      )}
    </dl>
  );
}

type StepWords = keyof ReturnType<typeof reportTexts>['next']['steps'];

/** A step under its words, and what it asks for. */
interface Choice {
  name: StepWords;
  wanted: ReportChange | 'close' | 'confirm' | 'decline';
}

/** Return the steps as they are offered: one that takes the report stands beside the same without. */
function choicesOf(report: Report, username: string): Choice[] {
  const isFree = report.status === 'new' && report.assignee === null;
  return stepsOf(report, username).flatMap((step): Choice[] => {
    if (step.kind === 'takeBack') return [{ name: 'takeBack', wanted: { disposition: null } }];
    if (step.kind !== 'status') return [{ name: step.kind, wanted: step.kind }];
    const choice: Choice = { name: wordsOf(step.to, report.status), wanted: { status: step.to } };
    if (!isFree || step.to !== 'acknowledged') return [choice];
    const wanted = { status: step.to, assignee: username };
    return [{ name: 'acknowledgeTake', wanted }, choice];
  });
}

/** Return under which words a step to a status stands. */
function wordsOf(to: 'acknowledged' | 'in_progress', status: Report['status']): StepWords {
  if (status === 'closed') return to === 'in_progress' ? 'reopen' : 'reopenWaiting';
  if (to === 'in_progress') return 'in_progress';
  return status === 'in_progress' ? 'handBack' : 'acknowledge';
}

/** Which status can follow which, and which step is the obvious one. */
export type Step =
  | { kind: 'status'; to: 'acknowledged' | 'in_progress' }
  | { kind: 'close' }
  | { kind: 'confirm' }
  | { kind: 'decline' }
  | { kind: 'takeBack' };

/** Return the steps of a report, the obvious one first; `username` is who would take them. */
export function stepsOf(
  { status, proposal }: Pick<Report, 'status' | 'proposal'>,
  username: string,
): Step[] {
  if (proposal === null) return STEPS[status];
  if (proposal.by === username) return [...STEPS[status], { kind: 'takeBack' }];
  // After an own step it has no tag: it is opened again before it is confirmed.
  const confirm: Step[] = proposal.tag === undefined ? [] : [{ kind: 'confirm' }];
  return [...confirm, { kind: 'decline' }, ...STEPS[status].filter(({ kind }) => kind !== 'close')];
}

const STEPS: Readonly<Record<Report['status'], Step[]>> = {
  new: [{ kind: 'status', to: 'acknowledged' }, { kind: 'status', to: 'in_progress' }, { kind: 'close' }],
  acknowledged: [{ kind: 'status', to: 'in_progress' }, { kind: 'close' }],
  in_progress: [{ kind: 'close' }, { kind: 'status', to: 'acknowledged' }],
  closed: [{ kind: 'status', to: 'in_progress' }, { kind: 'status', to: 'acknowledged' }],
  withdrawn: [],
};
