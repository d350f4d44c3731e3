/** What an officer sees when the screen is about to lock, and when it has. */

import { useEffect, useRef } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { gap } from '../../shared/joined.ts';
import type { Activity } from './activity.ts';
import type { Identify, Session } from './session.ts';
import { sessionTexts } from './texts.ts';
import './lock.css';

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
