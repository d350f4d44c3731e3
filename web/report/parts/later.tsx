import type { ComponentChild } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { frame } from '../texts.ts';

type Shown<P> = (props: P) => ComponentChild;

const loads: (() => Promise<unknown>)[] = [];

/** Load all that is still to come: afterwards the network may go, even where no worker keeps it. */
export async function loadAll(): Promise<void> {
  for (const load of loads) await load().catch(() => undefined);
}

/** Return a component whose module is loaded when it is first shown. */
export function later<P extends object>(load: () => Promise<Shown<P>>): Shown<P> {
  let ready: Shown<P> | null = null;
  loads.push(load);
  // biome-ignore lint/correctness/noComponentHookFactories: one for each module, at its first import.
  return function Later(props: P) {
    const [state, setState] = useState<'loading' | 'ready' | 'failed'>(ready ? 'ready' : 'loading');
    const [attempt, setAttempt] = useState(0);
    useEffect(() => {
      if (ready) return;
      load().then(
        (loaded) => {
          ready = loaded;
          setState('ready');
        },
        () => setState('failed'),
      );
    }, [attempt]);
    const Loaded = ready;
    if (state === 'ready' && Loaded) return <Loaded {...props} />;
    const text = frame();
    if (state === 'loading') return <p class="muted">{text.loading}</p>;
    return (
      <Status kind="error">
        <p>{text.older}</p>
        <Button
          onClick={() => {
            setState('loading');
            setAttempt(attempt + 1);
          }}
        >
          {text.again}
        </Button>
      </Status>
    );
  };
}

/** Something that could not be loaded, and what to do then. The region stays on the page. */
export function Missing({ shown, onAgain }: { shown: boolean; onAgain: () => void }) {
  const text = frame();
  return (
    <Status kind="error">
      {shown && (
        <>
          <p>
            <strong>{text.failed}</strong> {text.failedWhy}
          </p>
          <Button onClick={onAgain}>{text.again}</Button>
        </>
      )}
    </Status>
  );
}
