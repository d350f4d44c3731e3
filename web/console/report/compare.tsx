/** Two reports side by side, so that an officer sees whether they are about one event. */

import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';

import { Button, Spinner } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { useSaid } from '../../shared/language.ts';
import { clock, duration } from '../../shared/time.ts';
import { wordDiff } from '../bulletins/changes.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { ok, useLoaded } from '../parts/asking.tsx';
import { Cover } from '../parts/covered.tsx';
import { Facts } from '../parts/fact.tsx';
import type { Names } from '../names.ts';
import { useKey } from '../queue/shortcuts.tsx';
import type { Report, Schemas } from '../types.ts';
import { wordFor, words } from '../words.ts';
import type { OfReport } from './open-report.ts';
import { reportTexts } from './texts.ts';
import { answerText, distance, metresBetween } from './values.ts';

type Similar = Schemas['SimilarReport'];

/** Return why two reports may be about one event, and how far apart they are, in words. */
export function alikeText(similar: Similar, metres?: number): string {
  const { related: t } = reportTexts();
  const { distance_m: most } = similar;
  const far = metres === undefined ? most !== null && t.atMost(distance(most)) : t.about(distance(metres));
  const why = similar.why.map((code) => wordFor(words().why, code));
  return [t.apart(duration(similar.minutes_apart)), ...(far ? [far] : []), ...why].join(' · ');
}

interface ComparisonProps extends OfReport {
  similar: Similar;
  onClose: () => void;
  onDismiss: (other: Similar) => void;
  onLinked: (other: Similar) => void;
}

export function Comparison({ open, report, similar, onClose, onDismiss, onLinked }: ComparisonProps) {
  const t = reportTexts();
  const { api, names } = useDesk();
  const [problem, setProblem] = useSaid('');
  const { id, reference } = similar;
  const { loaded } = useLoaded(() => {
    const params = { path: { report_id: id } };
    return ok(api.GET('/v1/officer/reports/{report_id}', { params }));
  }, id);
  const other = loaded.value;
  const why = problem || (loaded.state === 'failed' ? loaded.failure.text : '');
  const isLinking = useRef(false);
  const linkOther = async () => {
    if (isLinking.current) return;
    isLinking.current = true;
    const outcome = await outcomeOf(
      api.POST('/v1/officer/reports/{report_id}/duplicates', {
        params: { path: { report_id: report.id } },
        body: { report_ids: [id] },
      }),
    );
    isLinking.current = false;
    if (!outcome.ok) return setProblem(outcome.failure.text);
    const why = outcome.data.results.find((result) => !result.done)?.why;
    if (why !== undefined) return setProblem(t.related.skipped(reference, why));
    onClose();
    await open.load();
    onLinked(similar);
  };
  const linkThis = async () => {
    onClose();
    await open.change({ duplicate_of: id });
  };
  useKey((key) => {
    if (other === null) return false;
    if (key === 'l') void linkOther();
    else if (key === 'n') onDismiss(similar);
    else return false;
    return true;
  }, true);
  const rows = rowsOf(report, names);
  const others = other && rowsOf(other, names);
  const metres = report.place && other?.place ? metresBetween(report.place, other.place) : undefined;
  const pieces =
    report.text && other?.text && similar.why.includes('text') ? wordDiff(report.text, other.text) : [];
  const textOf = (kind: 'removed' | 'added') =>
    pieces
      .filter((piece) => piece.kind === 'same' || piece.kind === kind)
      .map(({ kind, text }, at) => (kind === 'same' ? text : <Differs key={at}>{text}</Differs>));
  return (
    <>
      {/* The focus begins above: on a button below, the reports would be scrolled away. */}
      <p class="hint" tabIndex={-1} autofocus>
        {alikeText(similar, metres)}
      </p>
      <Status kind="error">{why}</Status>
      <div class="side-by-side">
        <Summary title={t.related.this} report={report} rows={rows} beside={others}>
          {textOf('removed')}
        </Summary>
        {other ? (
          <Summary title={t.related.other} report={other} rows={others ?? []} beside={rows}>
            {textOf('added')}
          </Summary>
        ) : (
          !why && <Spinner />
        )}
      </div>
      <div class="row">
        {other && (
          <>
            <Button aria-keyshortcuts="l" onClick={linkOther}>
              {t.related.linkOther} <Key>l</Key>
            </Button>
            <Button onClick={linkThis}>{t.related.linkThis}</Button>
            <Button aria-keyshortcuts="n" onClick={() => onDismiss(similar)}>
              {t.related.noDuplicate} <Key>n</Key>
            </Button>
          </>
        )}
        <Button onClick={onClose}>{t.related.done}</Button>
      </div>
    </>
  );
}

type Rows = readonly (readonly [name: string, value: string])[];

function rowsOf(report: Report, names: Names): Rows {
  const t = reportTexts();
  return [
    [t.facts.category, names.category(report.category)],
    [t.facts.received, clock(report.received_at)],
    ...(report.occurred_at === null
      ? []
      : ([[t.facts.occurred, clock(report.occurred_at)]] as const)),
    [t.facts.district, names.district(report.district)],
    ...(report.location?.address === undefined
      ? []
      : ([[t.place.address, report.location.address]] as const)),
    ...(report.answers ?? []).map(
      ({ label, value, value_label: text }) => [label, answerText(value, text)] as const,
    ),
  ];
}

/** The key of a button, which `aria-keyshortcuts` says. */
function Key({ children }: { children: string }) {
  return (
    <span class="key" aria-hidden="true">
      {children}
    </span>
  );
}

/** What the other one does not have, or has otherwise. */
function Differs({ children }: { children: ComponentChildren }) {
  const { related: t } = reportTexts();
  return (
    <mark class="differs">
      {children}
      <span class="hidden-visually"> ({t.differs})</span>
    </mark>
  );
}

interface SummaryProps {
  title: string;
  report: Report;
  rows: Rows;
  /** Those of the report beside it; null until it is opened. */
  beside: Rows | null;
  /** Its text, with what differs in it; if none is marked, none is given. */
  children: ComponentChildren[];
}

function Summary({ title, report, rows, beside, children }: SummaryProps) {
  const t = reportTexts();
  const isSame = (name: string, value: string) =>
    beside === null || beside.some(([other, its]) => other === name && its === value);
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
      <p class="report__text">{children.length > 0 ? children : (report.text ?? t.noText)}</p>
      <Facts
        small
        rows={rows.map(([name, value]) => [
          name,
          isSame(name, value) ? value : <Differs key={name}>{value}</Differs>,
        ])}
      />
    </section>
  );
}
