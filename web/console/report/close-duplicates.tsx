import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Check } from '../../shared/components/choices.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { ReasonForm } from '../parts/reason-form.tsx';
import type { Report, Schemas } from '../types.ts';
import { useOutcomeText } from './fixed-texts.ts';
import type { OpenReport } from './open-report.ts';
import { reportTexts } from './texts.ts';

interface CloseDuplicatesProps {
  open: OpenReport;
  report: Report;
  shown: boolean;
  onClose: () => void;
}

/** Close the open duplicates of an original together, with one reason. */
export function CloseDuplicatesDialog({ open, report, shown, onClose }: CloseDuplicatesProps) {
  const t = reportTexts();
  return (
    <Dialog open={shown} title={t.related.closeTitle} onClose={onClose}>
      <CloseThem open={open} report={report} onClose={onClose} />
    </Dialog>
  );
}

function CloseThem({ open, report, onClose }: Omit<CloseDuplicatesProps, 'shown'>) {
  const t = reportTexts();
  const { api } = useDesk();
  const fixed = useOutcomeText('duplicate');
  const [skipUnread, setSkipUnread] = useState(true);
  const [results, setResults] = useState<Schemas['Outcome'][] | null>(null);
  const submit = async (reason: string) => {
    const outcome = await outcomeOf(
      api.POST('/v1/officer/reports/{report_id}/duplicates/close', {
        params: { path: { report_id: report.id } },
        body: { reason, skip_unread: skipUnread },
      }),
    );
    if (!outcome.ok) return outcome.failure;
    setResults(outcome.data.results);
    await open.load();
    return null;
  };
  if (results === null) {
    return (
      <ReasonForm
        intro={
          <>
            {t.related.closeHint} <q class="close__fixed">{fixed}</q>
          </>
        }
        label={t.close.reason}
        submitLabel={t.related.closeSubmit}
        submit={submit}
        cancel={onClose}
      >
        <Check checked={skipUnread} onChange={setSkipUnread}>
          {t.related.skipUnread}
        </Check>
      </ReasonForm>
    );
  }
  const skipped = results.filter(({ done }) => !done);
  const referenceOf = (id: string) => report.duplicates.find((one) => one.id === id)?.reference ?? id;
  return (
    <div role="status">
      <p>{t.related.closed(results.length - skipped.length, skipped.length)}</p>
      <ul>
        {skipped.map(({ id, why }) => (
          <li key={id}>{t.related.skipped(referenceOf(id), why ?? '')}</li>
        ))}
      </ul>
      <Button onClick={onClose}>{t.related.done}</Button>
    </div>
  );
}
