import { ago, clock } from '../moments.ts';
import { now } from '../now.ts';
import './moment.css';

interface MomentProps {
  time: string;
  class?: string;
}

/** How long ago something was. On paper, which gets old, it is the time by the clock. */
export function Moment({ time, class: name }: MomentProps) {
  return (
    <time class={name} dateTime={time} title={clock(time)}>
      <span class="no-print">{ago(time, now.value)}</span>
      <span class="only-print">{clock(time)}</span>
    </time>
  );
}
