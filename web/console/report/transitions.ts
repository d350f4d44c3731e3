/** Which status can follow which, and which step is the obvious one. */

import type { Report, Status } from '../types.ts';

export type Step =
  | { kind: 'status'; to: 'acknowledged' | 'in_progress' }
  | { kind: 'close' }
  | { kind: 'confirm' };

/** Return the steps of a report, the obvious one first; `username` is who would take them. */
export function stepsOf(
  { status, proposal }: Pick<Report, 'status' | 'proposal'>,
  username: string,
): Step[] {
  if (proposal && proposal.by !== username) return [{ kind: 'confirm' }, ...STEPS[status]];
  return STEPS[status];
}

const STEPS: Readonly<Record<Status, Step[]>> = {
  new: [{ kind: 'status', to: 'acknowledged' }, { kind: 'status', to: 'in_progress' }, { kind: 'close' }],
  acknowledged: [{ kind: 'status', to: 'in_progress' }, { kind: 'close' }],
  in_progress: [{ kind: 'close' }, { kind: 'status', to: 'acknowledged' }],
  closed: [{ kind: 'status', to: 'in_progress' }, { kind: 'status', to: 'acknowledged' }],
  withdrawn: [],
};
