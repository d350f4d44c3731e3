/** What one officer begins and another completes: holds, referrals, exports, appointments, bulletins. */

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import type { Reread } from './changed-since.tsx';

interface SecondPersonProps {
  /** Whether this officer began it. Then another one approves it. */
  isMine: boolean;
  /** What an approval does, for the officer who may give it. */
  hint?: string | undefined;
  /** Null while it cannot be approved, such as when it has expired. */
  approve: { label: string; act: () => unknown } | null;
  /** Decline it, or withdraw one's own: at once, or after a question, such as for a reason. */
  end: {
    label: string;
    act?: () => unknown;
    ask?: (close: () => void) => ComponentChildren;
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
  const close = () => setAsking(false);
  const question = isAsking && end?.ask ? end.ask(close) : null;
  const isReplaced = question !== null && !end?.below;
  const isDue = reread?.isDue ?? false;
  return (
    <>
      {hint && approve && !isMine && !isReplaced && <p>{hint}</p>}
      {isDue && reread?.reminder}
      {!isDue && !isReplaced && (
        <div class="row">
          {approve && !isMine && (
            <Button kind="primary" busy={busy} onClick={approve.act}>
              {approve.label}
            </Button>
          )}
          {end && (
            <Button
              busy={busy && !end.ask}
              aria-expanded={end.below ? isAsking : undefined}
              onClick={end.ask ? () => setAsking(!isAsking) : end.act}
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
