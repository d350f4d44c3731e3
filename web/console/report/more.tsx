/** The rarer steps: print, export, mute, legal hold. */

import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { clock } from '../../shared/time.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { Icon } from '../frame/icon.tsx';
import { ReasonForm } from '../parts/reason-form.tsx';
import { Hold } from './hold.tsx';
import { Oversight } from './oversight.tsx';
import { flagged, type OfReport, useStep } from './open-report.ts';
import { reportTexts, withoutDots } from './texts.ts';

interface MoreProps extends OfReport {
  onExport: () => void;
}

export function More({ open, report, onExport }: MoreProps) {
  const t = reportTexts();
  return (
    <section class="card more no-print" aria-labelledby="more">
      <h2 id="more">{t.more.title}</h2>
      <div class="row">
        <Button onClick={() => print()}>
          <Icon name="print" />
          {t.print}
        </Button>
        {!report.restricted && <Button onClick={onExport}>{t.more.export}</Button>}
        <Mute open={open} report={report} />
      </div>
      <Hold open={open} report={report} />
      <Oversight open={open} report={report} />
    </section>
  );
}

function Mute({ open, report }: OfReport) {
  const t = reportTexts();
  const { api, names } = useDesk();
  const step = useStep(open);
  const [asking, setAsking] = useState(false);
  const params = { path: { report_id: report.id } };
  const path = '/v1/officer/reports/{report_id}/mute' as const;
  const { muted } = report;
  const mute = async (reason: string) => {
    const problem = await step(
      outcomeOf(api.POST(path, { params, body: { reason } })),
      (muted, seen) => ({ muted, flags: flagged(seen, 'muted', true) }),
    );
    if (problem === null) setAsking(false);
    return problem;
  };
  const unmute = async () => {
    const failure = await step(
      outcomeOf<unknown>(api.DELETE(path, { params })),
      (_, seen) => ({ muted: null, flags: flagged(seen, 'muted', false) }),
    );
    open.problem.value = failure?.text ?? null;
  };
  return (
    <>
      {muted === null ? (
        <Button onClick={() => setAsking(true)}>{t.more.mute}</Button>
      ) : (
        <>
          <p>{t.more.muted(names.officer(muted.by), clock(muted.at), muted.reason)}</p>
          <Button onClick={() => void unmute()}>{t.more.unmute}</Button>
        </>
      )}
      <Dialog open={asking} title={withoutDots(t.more.mute)} onClose={() => setAsking(false)}>
        <ReasonForm
          intro={t.more.muteHint}
          submitLabel={t.more.muteSubmit}
          submit={mute}
          cancel={() => setAsking(false)}
        />
      </Dialog>
    </>
  );
}
