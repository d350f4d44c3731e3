/** Pass a report on to another agency: two officers do it, because what is out does not come back. */

import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { Status } from '../../shared/components/status.tsx';
import { useSaid } from '../../shared/said.ts';
import { useDesk } from '../desk.ts';
import { clock } from '../moments.ts';
import type { Names } from '../names.ts';
import type { Referral, Report, Supplement } from '../types.ts';
import { agencyName, useAgencies } from './agencies.ts';
import type { OpenReport } from './open-report.ts';
import { Declined } from './referral-declined.tsx';
import { ReferralDocument } from './referral-document.tsx';
import { ReferralForm } from './referral-form.tsx';
import { reportTexts } from './texts.ts';

interface ReferralsProps {
  open: OpenReport;
  report: Report;
}

export function Referrals({ open, report }: ReferralsProps) {
  const t = reportTexts();
  const { names } = useDesk();
  const agencies = useAgencies();
  const [dialog, setDialog] = useState<'propose' | Referral | null>(null);
  // Pictures that the form is about; without, it is about the report.
  const [supplement, setSupplement] = useState<Supplement | null>(null);
  const [done, setDone] = useSaid('');
  const show = (what: 'propose' | Referral) => {
    setDone('');
    setDialog(what);
  };
  const propose = (what: Supplement | null) => {
    setSupplement(what);
    show('propose');
  };
  const close = () => setDialog(null);
  const label = (code: string) => agencyName(agencies, code);
  const pending = report.referrals.find(({ approved_by: by }) => by === null);
  // What the reporter has withdrawn is read no more, also by whoever is at it.
  const isWithdrawn = report.status === 'withdrawn';
  const declined = isWithdrawn ? null : report.declined_referral;
  // The one that was opened stays, with what is written about it, when another takes its place.
  const shown = isWithdrawn || dialog === 'propose' ? null : dialog;
  if (isWithdrawn && report.referrals.length === 0) return null;
  return (
    <section class="card no-print" aria-labelledby="referrals">
      <h2 id="referrals">{t.referral.title}</h2>
      {report.suggested_agency !== null && (
        <p class="report__note">{t.referral.suggested(label(report.suggested_agency))}</p>
      )}
      <Status kind="success">{done}</Status>
      {declined && (
        <>
          <h3>{pending ? t.referral.declinedBefore : t.referral.declined}</h3>
          <Declined declined={declined} />
        </>
      )}
      <ul class="related">
        {report.referrals.map((referral) => (
          <li key={referral.number}>
            <p>{textOf(referral, label(referral.agency), names)}</p>
            {!isWithdrawn && (
              <Button onClick={() => show(referral)}>{t.referral.read}</Button>
            )}
          </li>
        ))}
      </ul>
      {!pending && !isWithdrawn && (
        <>
          {report.supplements.map((late) => (
            <div key={late.agency} class="report__note">
              <p>{t.referral.late(label(late.agency), late.media_ids.length)}</p>
              <Button onClick={() => propose(late)}>{t.referral.supplement}</Button>
            </div>
          ))}
          <Button onClick={() => propose(null)}>{t.more.refer}</Button>
        </>
      )}
      <Dialog open={dialog === 'propose' && !isWithdrawn} title={t.referral.propose} onClose={close}>
        <ReferralForm
          open={open}
          report={report}
          agencies={agencies}
          supplement={supplement}
          onClose={close}
        />
      </Dialog>
      <Dialog open={shown !== null} title={shown ? t.referral.documentOf(label(shown.agency)) : ''} onClose={close}>
        {shown && (
          <ReferralDocument
            open={open}
            referral={shown}
            declined={declined}
            onClose={close}
            onDeclined={setDone}
          />
        )}
      </Dialog>
    </section>
  );
}

function textOf(referral: Referral, agency: string, names: Names): string {
  const { referral: t } = reportTexts();
  if (referral.approved_at !== null) return t.passedOn(agency, clock(referral.approved_at));
  return t.waits(agency, names.officer(referral.by));
}
