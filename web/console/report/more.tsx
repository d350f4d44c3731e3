/** The rarer steps: legal hold, mute, export, print. */

import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/Button.tsx';
import { Dialog } from '../../shared/components/Dialog.tsx';
import { Field } from '../../shared/components/Field.tsx';
import { type Outcome, outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { Icon } from '../frame/icon.tsx';
import { clock } from '../moments.ts';
import { ReasonForm } from '../parts/reason-form.tsx';
import type { Report } from '../types.ts';
import type { OpenReport } from './open-report.ts';
import { reportTexts, withoutDots } from './texts.ts';

interface MoreProps {
  open: OpenReport;
  report: Report;
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
    </section>
  );
}

interface Props {
  open: OpenReport;
  report: Report;
}

/** Return what settles a step: read the report again, or say why not. */
function useStep(open: OpenReport) {
  return async (call: Promise<Outcome<unknown>>): Promise<string | null> => {
    const outcome = await call;
    if (!outcome.ok) return outcome.failure.text;
    await open.load();
    return null;
  };
}

function Mute({ open, report }: Props) {
  const t = reportTexts();
  const { api, names } = useDesk();
  const step = useStep(open);
  const [asking, setAsking] = useState(false);
  const params = { path: { report_id: report.id } };
  const path = '/v1/officer/reports/{report_id}/mute' as const;
  const { muted } = report;
  const mute = async (reason: string) => {
    const problem = await step(outcomeOf(api.POST(path, { params, body: { reason } })));
    if (problem === null) setAsking(false);
    return problem;
  };
  const unmute = async () => {
    open.problem.value = await step(outcomeOf(api.DELETE(path, { params })));
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

function Hold({ open, report }: Props) {
  const t = reportTexts();
  const { hold } = report;
  const [asking, setAsking] = useState<'hold' | 'end' | null>(null);
  const close = () => setAsking(null);
  return (
    <>
      <h3>{t.more.hold}</h3>
      {hold === null ? (
        <Button onClick={() => setAsking('hold')}>{t.more.holdAsk}</Button>
      ) : (
        <Held open={open} report={report} onEnd={() => setAsking('end')} />
      )}
      <Dialog open={asking === 'hold'} title={withoutDots(t.more.holdAsk)} onClose={close}>
        <AskHold open={open} report={report} onClose={close} />
      </Dialog>
      <Dialog
        open={asking === 'end'}
        title={withoutDots(hold?.approved_by ? t.more.holdLift : t.more.holdEnd)}
        onClose={close}
      >
        <EndHold open={open} report={report} onClose={close} />
      </Dialog>
    </>
  );
}

function Held({ open, report, onEnd }: Props & { onEnd: () => void }) {
  const t = reportTexts();
  const { api, me, names } = useDesk();
  const step = useStep(open);
  const { hold } = report;
  if (hold === null) return null;
  const params = { path: { report_id: report.id } };
  const settle = async (call: Promise<Outcome<unknown>>) => {
    open.problem.value = await step(call);
  };
  const approve = () =>
    settle(outcomeOf(api.POST('/v1/officer/reports/{report_id}/hold/approve', { params })));
  const lift = () =>
    settle(outcomeOf(api.POST('/v1/officer/reports/{report_id}/hold/lift/approve', { params })));
  const waits = hold.approved_by === null;
  return (
    <>
      <p>
        {waits
          ? t.more.holdBy(names.officer(hold.by), clock(hold.until))
          : t.more.holdActive(clock(hold.until))}
      </p>
      <p class="hint">{hold.reason}</p>
      {hold.lift && <p>{t.more.liftBy(names.officer(hold.lift.by), hold.lift.reason)}</p>}
      <div class="row">
        {waits && hold.by !== me.username && (
          <Button kind="primary" onClick={() => void approve()}>
            {t.more.holdApprove}
          </Button>
        )}
        {hold.lift && hold.lift.by !== me.username && (
          <Button kind="primary" onClick={() => void lift()}>
            {t.more.liftApprove}
          </Button>
        )}
        {!hold.lift && (
          <Button onClick={onEnd}>{waits ? t.more.holdEnd : t.more.holdLift}</Button>
        )}
      </div>
    </>
  );
}

interface FormProps extends Props {
  onClose: () => void;
}

function AskHold({ open, report, onClose }: FormProps) {
  const t = reportTexts();
  const { api } = useDesk();
  const step = useStep(open);
  const [until, setUntil] = useState('');
  const ask = async (reason: string) => {
    // The end of that day, by the clock of this machine.
    const end = new Date(`${until}T23:59:59`);
    const body = { reason, until: Number.isNaN(end.valueOf()) ? until : end.toISOString() };
    const params = { path: { report_id: report.id } };
    const problem = await step(
      outcomeOf(api.POST('/v1/officer/reports/{report_id}/hold', { params, body })),
    );
    if (problem === null) onClose();
    return problem;
  };
  return (
    <ReasonForm
      intro={t.more.holdHint}
      submitLabel={t.more.holdSubmit}
      submit={ask}
      cancel={onClose}
    >
      <Field id="hold-until" label={t.more.holdUntil}>
        {(control) => (
          <input
            {...control}
            type="date"
            required
            value={until}
            onInput={(event) => setUntil(event.currentTarget.value)}
          />
        )}
      </Field>
    </ReasonForm>
  );
}

function EndHold({ open, report, onClose }: FormProps) {
  const t = reportTexts();
  const { api } = useDesk();
  const step = useStep(open);
  const end = async (reason: string) => {
    const params = { path: { report_id: report.id } };
    const problem = await step(
      outcomeOf(api.DELETE('/v1/officer/reports/{report_id}/hold', { params, body: { reason } })),
    );
    if (problem === null) onClose();
    return problem;
  };
  const label = report.hold?.approved_by ? t.more.holdLift : t.more.holdEnd;
  return <ReasonForm submitLabel={withoutDots(label)} submit={end} cancel={onClose} />;
}
