import { type ComponentChildren, toChildArray } from 'preact';
import './status.css';

export interface StatusProps {
  /** What has gone wrong is read out at once, anything else when the reader pauses. */
  kind?: 'info' | 'success' | 'warning' | 'error';
  children?: ComponentChildren;
}

/**
 * A live region: what changes in it is read out. Keep it on the page, and leave it empty while there
 * is nothing to say: screen readers miss a region that comes with its text.
 */
export function Status({ kind = 'info', children }: StatusProps) {
  const empty = toChildArray(children).every((child) => child === '');
  return (
    <div
      class={empty ? 'status' : `status status--shown status--${kind}`}
      role={kind === 'error' ? 'alert' : 'status'}
    >
      {children}
    </div>
  );
}
