/** The steps on a report that wait for a second officer, named as its row in the list names them. */

import type { Report } from '../types.ts';

export type Waiting = Pick<Report, 'status' | 'proposal' | 'hold' | 'referrals'>;
export type WaitingStep = 'malicious' | 'hold' | 'hold_lift' | 'referral';

/** Return what waits at this time: the end of a hold ends what is asked of it. */
export function waitingSteps(report: Waiting, now: number): WaitingStep[] {
  const { status, proposal, hold, referrals } = report;
  const isHoldOver = hold !== null && Date.parse(hold.until) <= now;
  const steps: Record<WaitingStep, boolean> = {
    malicious: proposal !== null && status === 'closed',
    hold: hold !== null && hold.approved_by === null && !isHoldOver,
    hold_lift: Boolean(hold?.lift) && !isHoldOver,
    referral: status !== 'withdrawn' && referrals.some(({ approved_by: by }) => by === null),
  };
  return (Object.keys(steps) as WaitingStep[]).filter((step) => steps[step]);
}
