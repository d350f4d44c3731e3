/** To decline a colleague's proposal to pass a report on, and what was declined of it before. */

import { listed } from '../../shared/joined.ts';
import { type Failure, outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { clock } from '../moments.ts';
import { ReasonForm } from '../parts/reason-form.tsx';
import type { DeclinedReferral, Referral } from '../types.ts';
import { agencyName, useAgencies } from './agencies.ts';
import type { OpenReport } from './open-report.ts';
import { reportTexts } from './texts.ts';

/** Who has declined what, and why. */
export function Declined({ declined }: { declined: DeclinedReferral }) {
  const { referral: t } = reportTexts();
  const { names } = useDesk();
  const agencies = useAgencies();
  const { referral, by, at, reason } = declined;
  const agency = agencyName(agencies, referral.agency);
  const parts = listed(referral.include.map((part) => t.partNames[part]));
  return (
    <>
      <p>{t.declinedWhat(names.officer(referral.by), agency, parts)}</p>
      <p>{t.declinedBy(names.officer(by), clock(at))}</p>
      <blockquote class="words">{reason}</blockquote>
    </>
  );
}

interface DeclineProps {
  open: OpenReport;
  referral: Referral;
  /** What is declined is exactly what was read. */
  etag: string;
  onDone: () => void;
  /** What is written stays, and why it was refused is said below it. */
  onRefused: (failure: Failure) => void;
  onCancel: () => void;
}

export function Decline(props: DeclineProps) {
  const { open, referral, etag, onDone, onRefused, onCancel } = props;
  const { referral: t } = reportTexts();
  const { api, names } = useDesk();
  const submit = async (reason: string): Promise<Failure | null> => {
    const params = { path: { report_id: open.id }, header: { 'If-Match': etag } };
    const outcome = await outcomeOf(
      api.POST('/v1/officer/reports/{report_id}/referral/decline', { params, body: { reason } }),
    );
    if (outcome.ok) onDone();
    else onRefused(outcome.failure);
    return outcome.ok ? null : outcome.failure;
  };
  return (
    <ReasonForm
      intro={t.declineWhat}
      label={t.declineWhy(names.officer(referral.by))}
      submitLabel={t.declineNow}
      submit={submit}
      cancel={onCancel}
    />
  );
}
