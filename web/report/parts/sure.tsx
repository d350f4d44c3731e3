import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';

export interface SureProps {
  title: string;
  yes: string;
  no: string;
  busy?: boolean;
  /** As a button's `onClick`: one that returns a promise is done once. */
  onYes: () => void | Promise<void>;
  /** Not called while what was agreed to goes on: it would promise what does not come. */
  onNo: () => void | Promise<void>;
  children: ComponentChildren;
}

/** A question before what cannot be undone. It stands where it was asked, and takes the focus. */
export function Sure({ title, yes, no, busy = false, onYes, onNo, children }: SureProps) {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const [works, setWorks] = useState(false);
  const isWorking = useRef(false);
  const agree = (): void | Promise<void> => {
    const step = onYes();
    if (!(step instanceof Promise)) return;
    const work = (on: boolean): void => {
      isWorking.current = on;
      setWorks(on);
    };
    work(true);
    return step.finally(() => work(false));
  };
  const refuse = (): void | Promise<void> => {
    // It may be pressed before it is shown that it cannot be.
    if (!busy && !isWorking.current) return onNo();
  };
  // At once: what had the focus is gone.
  useLayoutEffect(() => box.current?.focus(), []);
  return (
    <div
      class="sure"
      role="group"
      aria-labelledby={id}
      tabIndex={-1}
      ref={box}
      onKeyDown={(event) => {
        if (event.key === 'Escape') void refuse();
      }}
    >
      <p class="sure__title" id={id}>
        {title}
      </p>
      <div>{children}</div>
      <div class="row">
        <Button kind="danger" busy={busy} onClick={agree}>
          {yes}
        </Button>
        <Button disabled={busy || works} onClick={refuse}>
          {no}
        </Button>
      </div>
    </div>
  );
}
