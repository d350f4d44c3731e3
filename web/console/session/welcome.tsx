/** The screens before an officer is in. */

import { useEffect, useRef } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { gap } from '../../shared/language.ts';
import type { Activity } from './idle.ts';
import type { Identify, Session } from './session.ts';
import { sessionTexts } from './texts.ts';
import './lock.css';

export function Welcome({ session }: { session: Session }) {
  const t = sessionTexts();
  const signIn = () => void session.signIn(location.pathname + location.search);
  switch (session.state.value) {
    case 'window':
      return <Card title={t.title} text={t.window} />;
    case 'signed_out':
      return (
        <Card title={t.signedOut} text={t.signedOutHint}>
          <Button kind="primary" onClick={signIn}>
            {t.signIn}
          </Button>
        </Card>
      );
    case 'failed':
      return (
        <Card title={t.failed} text={problemText(session.problem.value ?? '')}>
          <Button kind="primary" onClick={signIn}>
            {t.tryAgain}
          </Button>
          {session.problem.value === 'not_asked' && (
            <Button onClick={() => session.signOut()}>{t.signOut}</Button>
          )}
        </Card>
      );
    default:
      return <Starting />;
  }
}

/** What is there for a moment, on the way to the issuer and back: no heading, nothing to read. */
export function Starting() {
  return (
    <main class="welcome" id="main">
      <p role="status">{sessionTexts().starting}</p>
    </main>
  );
}

/** Say that the console does not know where to sign in. */
export function NoConfig() {
  const t = sessionTexts();
  return (
    <Card title={t.failed} text={t.problem.config}>
      <Button kind="primary" onClick={() => location.reload()}>
        {t.tryAgain}
      </Button>
    </Card>
  );
}

interface CardProps {
  title: string;
  text: string;
  children?: preact.ComponentChildren;
}

/** What there is to read instead of a page: its heading takes the focus. */
export function Card({ title, text, children }: CardProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <main class="welcome" id="main">
      <div class="lock-card">
        <h1 tabIndex={-1} ref={heading}>
          {title}
        </h1>
        <p role="status">{text}</p>
        {children}
      </div>
    </main>
  );
}

function problemText(code: string): string {
  const { problem, unlockProblem } = sessionTexts();
  if (code === 'not_asked') return unlockProblem.not_asked;
  if (code === 'state' || code === 'network' || code === 'issuer') return problem[code];
  return `${problem.other} ${code}`;
}

/** Announce the coming lock once a minute, and then every 15 seconds: not each second. */
function announced(seconds: number): number {
  return seconds > 60 ? Math.ceil(seconds / 60) * 60 : Math.ceil(seconds / 15) * 15;
}

export function IdleWarning({ activity }: { activity: Activity }) {
  const t = sessionTexts();
  const warned = activity.phase.value === 'warning';
  return (
    <div class="idle-warning-region" role="status">
      {warned && (
        <div class="idle-warning">
          <strong>{t.warning}</strong>
          {gap()}
          {t.warningWhy(announced(activity.secondsLeft.value))}{' '}
          <Button kind="secondary">{t.stay}</Button>
        </div>
      )}
    </div>
  );
}

interface LockProps {
  session: Session;
  name: string;
  username: string;
  identify: Identify;
  /** Sign out, and discard what is written. */
  onDiscard: () => void;
}

export function LockScreen({ session, name, username, identify, onDiscard }: LockProps) {
  const t = sessionTexts();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const ended = session.state.value === 'ended';
  const why = session.lockedByHand.value ? t.lockedByHand : t.lockedWhy;
  const problem = session.unlockProblem.value;
  return (
    <dialog
      ref={dialog}
      class="lock-screen"
      aria-labelledby="lock-title"
      onCancel={(event) => event.preventDefault()}
    >
      <div class="lock-card">
        <h1 id="lock-title">{ended ? t.ended : t.locked}</h1>
        <p>{ended ? t.endedWhy(name) : why(name)}</p>
        <p role="alert" class="lock-problem">
          {problem && t.unlockProblem[problem]}
        </p>
        <Button kind="primary" onClick={() => void session.unlock(username, identify)}>
          {t.unlock}
        </Button>
        <p class="hint">{t.unlockHint}</p>
        <Button kind="quiet" onClick={onDiscard}>
          {t.discard}
        </Button>
      </div>
    </dialog>
  );
}
