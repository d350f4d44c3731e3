/** A report about the police: moved to oversight by who finds that, and returned by two of oversight. */

import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { type Failure, outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { ok } from '../parts/asking.tsx';
import { ReasonForm } from '../parts/reason-form.tsx';
import { SecondPerson } from '../parts/second-person.tsx';
import { go, pathTo } from '../router.ts';
import { type OfReport, useStep } from './open-report.ts';
import { reportTexts, withoutDots } from './texts.ts';

type Asking = 'move' | 'return' | 'keep';

export function Oversight({ open, report }: OfReport) {
  const { oversight: t } = reportTexts();
  const { api, list, me, names } = useDesk();
  const step = useStep(open);
  const [asking, setAsking] = useState<Asking | null>(null);
  const { returning } = report;
  const isOversight = report.category === 'oversight';
  if (!isOversight && !names.catalogue.value?.oversight.offered) return null;
  const params = { path: { report_id: report.id } };
  const leave = () => {
    list.lastOpened = null;
    go(pathTo(''), { replace: true });
  };
  const submit = async (reason: string) => {
    const body = { reason };
    if (asking === 'move') {
      const path = '/v1/officer/reports/{report_id}/oversight';
      const outcome = await outcomeOf<unknown>(api.POST(path, { params, body }));
      if (!outcome.ok) return outcome.failure;
      leave();
      return null;
    }
    const path = '/v1/officer/reports/{report_id}/oversight/return';
    const failure =
      asking === 'return'
        ? await step(outcomeOf(api.POST(path, { params, body })), (asked) => ({ returning: asked }))
        : await step(outcomeOf<unknown>(api.DELETE(path, { params, body })), () => ({
            returning: null,
          }));
    if (failure === null) setAsking(null);
    return failure;
  };
  const approve = async () => {
    const header = { 'If-Match': returning?.tag ?? '' };
    await ok<unknown>(
      api.POST('/v1/officer/reports/{report_id}/oversight/return/approve', {
        params: { ...params, header },
      }),
    );
    leave();
  };
  // What it was asked for may be gone by then, and its buttons with it.
  const reload = async (failure: Failure) => {
    open.problem.value = failure.text;
    await open.load();
    return true;
  };
  const isMine = returning?.by === me.username;
  const labels = { move: t.move, return: t.return, keep: isMine ? t.takeBack : t.keep };
  return (
    <>
      <h3>{t.title}</h3>
      {!isOversight && <Button onClick={() => setAsking('move')}>{t.move}</Button>}
      {isOversight && returning === null && (
        <Button onClick={() => setAsking('return')}>{t.return}</Button>
      )}
      {returning !== null && (
        <>
          <p>{t.returnBy(names.officer(returning.by))}</p>
          <SecondPerson
            isMine={isMine}
            approve={{ label: t.approve, act: approve, deal: reload }}
            end={{ label: labels.keep, act: () => setAsking('keep') }}
          />
        </>
      )}
      <Dialog
        open={asking !== null}
        title={asking ? withoutDots(labels[asking]) : ''}
        onClose={() => setAsking(null)}
      >
        {asking && (
          <ReasonForm
            {...(asking !== 'keep' && { intro: asking === 'move' ? t.moveHint : t.returnHint })}
            submitLabel={t[`${asking}Submit`]}
            submit={submit}
            cancel={() => setAsking(null)}
          />
        )}
      </Dialog>
    </>
  );
}
