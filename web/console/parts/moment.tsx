import { signal } from '@preact/signals';

import { ago, clock } from '../../shared/time.ts';
import './moment.css';

/** How long ago something was. On paper, which gets old, it is the time by the clock. */
export function Moment({ time, class: name }: { time: string; class?: string }) {
  return (
    <time class={name} dateTime={time} title={clock(time)}>
      <span class="no-print">{ago(time, now.value)}</span>
      <span class="only-print">{clock(time)}</span>
    </time>
  );
}

/** The present time for "3 minutes ago", once in half a minute for all who show it. */
export const now = signal(Date.now());

setInterval(() => {
  if (document.visibilityState === 'visible') now.value = Date.now();
}, 30_000);
