/** The screens before an officer is in. */

import { useEffect, useRef } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import type { Session } from './session.ts';
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
