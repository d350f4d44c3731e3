/** What one officer begins and another completes: holds, referrals, exports, appointments, bulletins. */

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import type { Failure } from '../calls.ts';
import { Refusal, useStep } from './asking.tsx';
import type { Reread } from './changed-since.tsx';
import { ReasonForm, type ReasonFormProps } from './reason-form.tsx';

/** Deal with a failure of a step. Return true when nothing more is to be said about it. */
type Deal = (failure: Failure) => Promise<boolean>;

interface SecondPersonProps {
  /** Whether this officer began it. Then another one approves it. */
  isMine: boolean;
  /** What an approval does, for the officer who may give it. */
  hint?: string | undefined;
  /** Null while it cannot be approved, such as when it has expired. What `ok` refuses is said here. */
  approve: { label: string; act: () => unknown; deal?: Deal } | null;
  /** Decline it, or withdraw one's own: at once, for a reason, or after another question. */
  end: {
    label: string;
    act?: () => unknown;
    reason?: Pick<ReasonFormProps, 'intro' | 'label' | 'submitLabel'> & {
      send: (reason: string) => Promise<unknown>;
    };
    ask?: (close: () => void) => ComponentChildren;
    deal?: Deal;
    /** The question stands below the buttons, not in their place. */
    below?: boolean;
  } | null;
  /** What was changed since it was read: until that is read, nothing is approved or declined. */
  reread?: Reread;
  busy?: boolean;
  /** Other buttons. */
  children?: ComponentChildren;
}

/** What this officer can do with it now. */
export function SecondPerson(props: SecondPersonProps) {
  const { isMine, hint, approve, end, reread, busy = false, children } = props;
  const [isAsking, setAsking] = useState(false);
  const step = useStep();
  const close = () => setAsking(false);
  const run = (act: () => unknown, deal?: Deal) => step.run(async () => void (await act()), deal);
  const isBusy = busy || step.busy;
  const asks = Boolean(end?.ask ?? end?.reason);
  const question =
    isAsking && (end?.ask?.(close) ?? (end?.reason && <Why {...end} reason={end.reason} close={close} />));
  const isReplaced = Boolean(question) && !end?.below;
  const isDue = reread?.isDue ?? false;
  return (
    <>
      <Refusal failure={step.failure} />
      {hint && approve && !isMine && !isReplaced && <p>{hint}</p>}
      {isDue && reread?.reminder}
      {!isDue && !isReplaced && (
        <div class="row">
          {approve && !isMine && (
            <Button kind="primary" busy={isBusy} onClick={() => run(approve.act, approve.deal)}>
              {approve.label}
            </Button>
          )}
          {end && (
            <Button
              busy={isBusy && !asks}
              aria-expanded={end.below ? isAsking : undefined}
              onClick={() => (asks ? setAsking(!isAsking) : end.act && run(end.act, end.deal))}
            >
              {end.label}
            </Button>
          )}
          {children}
        </div>
      )}
      {/* What is typed stays while there is something to read first; the key keeps it apart from the
          row above, which is gone then. */}
      {question && (
        <div key="question" hidden={isDue}>
          {question}
        </div>
      )}
    </>
  );
}

type Ending = NonNullable<SecondPersonProps['end']>;

interface WhyProps extends Pick<Ending, 'deal'> {
  reason: NonNullable<Ending['reason']>;
  close: () => void;
}

/** The reason for an end. What is written stays, and why it was refused is said below it. */
function Why({ reason: { send, ...form }, deal, close }: WhyProps) {
  const step = useStep();
  const submit = async (reason: string) => {
    let refused: Failure | null = null;
    const isDone = await step.run(
      async () => void (await send(reason)),
      async (failure) => {
        if (!(await deal?.(failure))) refused = failure;
        return true;
      },
    );
    if (isDone) close();
    return refused;
  };
  return <ReasonForm {...form} submit={submit} cancel={close} />;
}

/** Who has declined it, in words, and why. */
export function DeclinedBy({ lines, reason }: { lines: readonly string[]; reason: string }) {
  return (
    <>
      {lines.map((line) => (
        <p key={line}>{line}</p>
      ))}
      <blockquote class="words">{reason}</blockquote>
    </>
  );
}
