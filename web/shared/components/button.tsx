import type { ButtonHTMLAttributes, ComponentChildren, TargetedMouseEvent } from 'preact';
import { useRef, useState } from 'preact/hooks';

import './button.css';
import './spinner.css';

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** `primary`: the one obvious next step. `danger`: what cannot be undone. `quiet`: looks like a link. */
  kind?: 'primary' | 'secondary' | 'danger' | 'quiet';
  /**
   * Its work goes on: shown, and a second press does nothing. It knows that by itself while a promise
   * that `onClick` has returned is not settled.
   */
  busy?: boolean;
  children: ComponentChildren;
}

export function Button({ kind = 'secondary', busy = false, onClick, children, ...more }: ButtonProps) {
  const [works, setWorks] = useState(false);
  // A second press may come before it is shown that the first one works.
  const isWorking = useRef(false);
  const work = (on: boolean): void => {
    isWorking.current = on;
    setWorks(on);
  };
  const isBusy = busy || works;
  const press = (event: TargetedMouseEvent<HTMLButtonElement>): void => {
    // Not `disabled`: the button would lose the focus.
    if (isBusy || isWorking.current) return event.preventDefault();
    const step: unknown = onClick?.(event);
    if (!(step instanceof Promise)) return;
    work(true);
    void step.finally(() => work(false));
  };
  return (
    <button
      type="button"
      {...more}
      class={['button', `button--${kind}`, more.class].filter(Boolean).join(' ')}
      aria-busy={isBusy}
      aria-disabled={isBusy || undefined}
      onClick={press}
    >
      {isBusy && <Spinner />}
      {children}
    </button>
  );
}

/** Something goes on. Without a `label` the text beside it says what. */
export function Spinner({ label }: { label?: string }) {
  return (
    <span class="spinner" role={label ? 'img' : undefined} aria-label={label} aria-hidden={!label} />
  );
}
