import { Button, Spinner } from '../../shared/components/button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { Status } from '../../shared/components/status.tsx';
import { useSaid } from '../../shared/language.ts';
import { clock } from '../../shared/time.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { ok, useLoaded } from '../parts/asking.tsx';
import { Cover } from '../parts/covered.tsx';
import { Facts } from '../parts/fact.tsx';
import type { Report, Schemas } from '../types.ts';
import type { OfReport } from './open-report.ts';
import { reportTexts } from './texts.ts';
import { answerText } from './values.ts';

interface CompareProps extends OfReport {
  /** Shown while there is one. */
  other: Schemas['RelatedReport'] | null;
  onClose: () => void;
}

/** Two reports side by side, so that an officer sees whether they are about one event. */
export function CompareDialog({ open, report, other, onClose }: CompareProps) {
  const t = reportTexts();
  return (
    <Dialog open={other !== null} title={t.related.compareTitle} onClose={onClose}>
      {other && (
        <Comparison key={other.id} open={open} report={report} id={other.id} onClose={onClose} />
      )}
    </Dialog>
  );
}

interface ComparisonProps extends OfReport {
  id: string;
  onClose: () => void;
}

function Comparison({ open, report, id, onClose }: ComparisonProps) {
  const t = reportTexts();
  const { api } = useDesk();
  const [problem, setProblem] = useSaid('');
  const { loaded } = useLoaded(() => {
    const params = { path: { report_id: id } };
    return ok(api.GET('/v1/officer/reports/{report_id}', { params }));
  }, id);
  const other = loaded.value;
  const why = problem || (loaded.state === 'failed' ? loaded.failure.text : '');
  const linkOther = async () => {
    const outcome = await outcomeOf(
      api.POST('/v1/officer/reports/{report_id}/duplicates', {
        params: { path: { report_id: report.id } },
        body: { report_ids: [id] },
      }),
    );
    if (!outcome.ok) return setProblem(outcome.failure.text);
    const why = outcome.data.results.find((result) => !result.done)?.why;
    if (why !== undefined) return setProblem(t.related.skipped(other?.reference ?? '', why));
    onClose();
    await open.load();
  };
  const linkThis = async () => {
    onClose();
    await open.change({ duplicate_of: id });
  };
  return (
    <>
      {/* The focus begins above: on a button below, the reports would be scrolled away. */}
      <p class="hint" tabIndex={-1} autofocus>
        {t.related.compareHint}
      </p>
      <Status kind="error">{why}</Status>
      <div class="side-by-side">
        <Summary title={t.related.this} report={report} />
        {other ? <Summary title={t.related.other} report={other} /> : !why && <Spinner />}
      </div>
      <div class="row">
        {other && (
          <>
            <Button onClick={() => void linkOther()}>{t.related.linkOther}</Button>
            <Button onClick={() => void linkThis()}>{t.related.linkThis}</Button>
          </>
        )}
        <Button onClick={onClose}>{t.related.done}</Button>
      </div>
    </>
  );
}

function Summary({ title, report }: { title: string; report: Report }) {
  const t = reportTexts();
  const { names } = useDesk();
  const rows: [string, string][] = [
    [t.facts.category, names.category(report.category)],
    [t.facts.received, clock(report.received_at)],
    ...(report.occurred_at === null
      ? []
      : [[t.facts.occurred, clock(report.occurred_at)] as [string, string]]),
    [t.facts.district, names.district(report.district)],
    ...(report.location?.address === undefined
      ? []
      : [[t.place.address, report.location.address] as [string, string]]),
    ...(report.answers ?? []).map(({ label, value, value_label: text }): [string, string] => [
      label,
      answerText(value, text),
    ]),
  ];
  return (
    <section>
      <h3>
        {title} <span class="reference">{report.reference}</span>
      </h3>
      <div class="side-by-side__pictures">
        {report.media.map(
          ({ media_id: id, preview_url: url, early }) =>
            url !== null && (
              <Cover key={id} category={report.category} label={report.reference}>
                {early && <span class="tag">{reportTexts().media.early}</span>}
                <img src={url} alt="" />
              </Cover>
            ),
        )}
      </div>
      <p class="report__text">{report.text ?? t.noText}</p>
      <Facts rows={rows} small />
    </section>
  );
}
