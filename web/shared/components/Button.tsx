import type { ButtonHTMLAttributes, ComponentChildren } from 'preact';
import { Spinner } from './Spinner.tsx';
import './Button.css';

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** `primary`: the one obvious next step. `danger`: what cannot be undone. `quiet`: looks like a link. */
  kind?: 'primary' | 'secondary' | 'danger' | 'quiet';
  /** Its work goes on: shown, and a second press does nothing. */
  busy?: boolean;
  children: ComponentChildren;
}

export function Button({ kind = 'secondary', busy = false, onClick, children, ...more }: ButtonProps) {
  return (
    <button
      type="button"
      {...more}
      class={['button', `button--${kind}`, more.class].filter(Boolean).join(' ')}
      aria-busy={busy}
      aria-disabled={busy || undefined}
      onClick={(event) => {
        // Not `disabled`: the button would lose the focus.
        if (busy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {busy && <Spinner />}
      {children}
    </button>
  );
}
