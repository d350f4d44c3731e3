/** A step on many reports: a part in each call, until each is done or left for a reason. */

import type { ListedReport } from '../types.ts';

const AT_ONCE = 500;
// Nothing stands against these reports: there was no time, or somebody was faster.
const AGAIN: ReadonlySet<string> = new Set(['unavailable', 'stale_version']);

// In this order a step on many goes, and never back.
const STATUSES = ['new', 'acknowledged', 'in_progress', 'closed', 'withdrawn'];
const CHANGES = new Set(['acknowledged', 'in_progress', 'closed']);

type Row = Pick<ListedReport, 'status' | 'unread' | 'urgency'>;

/** Return how many reports a step will leave as far as their rows say it, by the code why. Who has
 * opened them does not stand there.
 */
export function leftBy(kind: string, rows: readonly Row[]): [string, number][] {
  const found = new Map<string, number>();
  for (const row of rows) {
    const code = whyLeft(kind, row);
    if (code) found.set(code, (found.get(code) ?? 0) + 1);
  }
  return [...found];
}

function whyLeft(kind: string, { status, unread, urgency }: Row): string | null {
  if (unread > 0 && kind !== 'link') return 'new_message';
  if (!CHANGES.has(kind)) return null;
  if (STATUSES.indexOf(status) > STATUSES.indexOf(kind)) return 'illegal_transition';
  const ends = kind === 'closed' && status !== 'closed';
  return ends && urgency === 'critical' ? 'takes_two' : null;
}

export interface Left {
  id: string;
  code: string;
}

export interface Part {
  done: number;
  left: readonly Left[];
  /** Of how many of these the end waits for a second officer. */
  waiting?: number;
}

export class InParts {
  /** How many reports are as the step wants them, and which are not. */
  done = 0;
  /** Of how many of the done the end waits for a second officer. */
  toConfirm = 0;
  left: readonly Left[] = [];

  /** `waiting` are the ids of the reports; null for all, which the first answer names. */
  constructor(private waiting: readonly string[] | null) {}

  /**
   * Call for part after part, and say so after each. Ends when nothing is left to repeat, or a call
   * settles nothing. Raises what a call raises; run again, it goes on from there.
   */
  async run(call: (ids: string[] | null) => Promise<Part>, say = () => {}): Promise<void> {
    for (;;) {
      const part = await call(this.waiting?.slice(0, AT_ONCE) ?? null);
      const final = part.left.filter(({ code }) => !AGAIN.has(code));
      const again = part.left.filter(({ code }) => AGAIN.has(code));
      const later = (this.waiting ?? []).slice(AT_ONCE);
      this.done += part.done;
      this.toConfirm += part.waiting ?? 0;
      this.left = [...this.left, ...final];
      this.waiting = [...later, ...again.map(({ id }) => id)];
      say();
      if (this.waiting.length > 0 && part.done + final.length > 0) continue;
      const codeOf = new Map(again.map(({ id, code }) => [id, code]));
      const stuck = this.waiting.map((id) => ({ id, code: codeOf.get(id) ?? 'unavailable' }));
      this.left = [...this.left, ...stuck];
      this.waiting = [];
      return;
    }
  }
}
