import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';

import { Button } from '../../shared/components/Button.tsx';

export interface SureProps {
  title: string;
  yes: string;
  no: string;
  busy?: boolean;
  /** As a button's `onClick`: one that returns a promise is done once. */
  onYes: () => void | Promise<void>;
  onNo: () => void;
  children: ComponentChildren;
}

/** A question before what cannot be undone. It stands where it was asked, and takes the focus. */
export function Sure({ title, yes, no, busy = false, onYes, onNo, children }: SureProps) {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
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
        if (event.key === 'Escape') onNo();
      }}
    >
      <p class="sure__title" id={id}>
        {title}
      </p>
      <div>{children}</div>
      <div class="row">
        <Button kind="danger" busy={busy} onClick={onYes}>
          {yes}
        </Button>
        <Button onClick={onNo}>{no}</Button>
      </div>
    </div>
  );
}
