/** Reports that may be about the same event, and those that are linked. */

import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { Form, TextField } from '../../shared/components/field.tsx';
import { Status } from '../../shared/components/status.tsx';
import { digits } from '../../shared/answers.ts';
import { useSaid } from '../../shared/language.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { Icon } from '../frame/icon.tsx';
import { focusPart } from '../parts/focus.ts';
import { now } from '../parts/moment.tsx';
import { isReference } from '../queue/find.tsx';
import { Row } from '../queue/row.tsx';
import { focusedReport, Help, useKey } from '../queue/shortcuts.tsx';
import { queueTexts } from '../queue/texts.ts';
import { go, pathTo } from '../router.ts';
import type { ListedReport, Schemas } from '../types.ts';
import { wordFor, words } from '../words.ts';
import { CloseDuplicates } from './close-dialog.tsx';
import { alikeText, Comparison } from './compare.tsx';
import type { OfReport, OpenReport } from './open-report.ts';
import { MOST_SIMILAR } from './parts-nav.tsx';
import { reportTexts } from './texts.ts';
import '../queue/queue.css';

type Other = Schemas['RelatedReport'];

export function Related({ open, report }: OfReport) {
  const t = reportTexts();
  return (
    <section class="card no-print" aria-labelledby="related">
      <h2 id="related">{t.related.title}</h2>
      {report.original && <Original open={open} original={report.original} />}
      <Duplicates open={open} report={report} />
      <Similar open={open} report={report} />
    </section>
  );
}

function Original({ open, original }: { open: OpenReport; original: Other }) {
  const t = reportTexts();
  return (
    <>
      <h3>{t.related.original}</h3>
      <p class="row">
        <Link other={original} />
        <Button onClick={() => void open.change({ duplicate_of: null })}>{t.related.unlink}</Button>
      </p>
    </>
  );
}

function Duplicates({ open, report }: OfReport) {
  const t = reportTexts();
  const [closing, setClosing] = useState(false);
  const isOpen = ({ status }: Other) => status !== 'closed' && status !== 'withdrawn';
  const left = report.duplicates.filter(isOpen).length;
  const close = () => setClosing(false);
  if (report.duplicates.length === 0) return null;
  return (
    <>
      <h3>{t.related.duplicates(report.duplicate_count)}</h3>
      <ul class="related">
        {report.duplicates.map((other) => (
          <li key={other.id}>
            <Link other={other} />
          </li>
        ))}
      </ul>
      {report.status === 'closed' && left > 0 && <p>{t.duplicatesLeft(left)}</p>}
      {left > 0 && <Button onClick={() => setClosing(true)}>{t.closeDuplicates}</Button>}
      <Dialog open={closing} title={t.related.closeTitle} onClose={close}>
        <CloseDuplicates open={open} report={report} onClose={close} />
      </Dialog>
    </>
  );
}

type SimilarOne = Schemas['SimilarReport'];

function Similar({ open, report }: OfReport) {
  const t = reportTexts();
  const { help: keys } = queueTexts();
  const { api, apart, walk } = useDesk();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [compared, setCompared] = useState<SimilarOne | null>(null);
  const endComparing = () => setCompared(null);
  const [help, setHelp] = useState(false);
  const [said, setSaid] = useSaid('');
  const [problem, setProblem] = useSaid('');
  const similar = report.similar?.filter(({ id }) => !apart.has(pairOf(report.id, id))) ?? null;
  // Those that the officer has found by their numbers.
  const [named, setNamed] = useState<readonly ListedReport[]>([]);
  const all = [...(similar ?? []), ...named];
  const name = (found: ListedReport) => {
    setProblem('');
    if (!all.some(({ id }) => id === found.id)) setNamed([...named, found]);
    setChosen(new Set([...chosen, found.id]));
  };
  useKey((key) => {
    const here = similar?.find(({ id }) => id === focusedReport()) ?? similar?.[0];
    if (key === 'c' && here) setCompared(here);
    else if (key === '?') setHelp(true);
    else return false;
    return true;
  });
  /** Say it where the row was that is gone, and with it what had the focus. */
  const tell = (what: () => string) => {
    setProblem('');
    setSaid(what);
    requestAnimationFrame(() => focusPart('similar'));
  };
  const link = async () => {
    const outcome = await outcomeOf(
      api.POST('/v1/officer/reports/{report_id}/duplicates', {
        params: { path: { report_id: report.id } },
        body: { report_ids: [...chosen] },
      }),
    );
    if (!outcome.ok) return setProblem(outcome.failure.text);
    const done = outcome.data.results.filter((result) => result.done).length;
    setChosen(new Set());
    setNamed([]);
    await open.load();
    tell(() => reportTexts().related.linked(done, outcome.data.results.length - done));
  };
  const takeIn = async () => {
    const outcome = await outcomeOf(api.POST('/v1/officer/incidents', { body: { like: report.id } }));
    if (!outcome.ok) return setProblem(outcome.failure.text);
    await joinTo(outcome.data.id);
  };
  /** Take in the chosen ones, and this report, if it is not in. */
  const joinTo = async (id: string) => {
    const others = all.filter((each) => chosen.has(each.id) && each.incident?.id !== id);
    const ids = others.map((each) => each.id);
    if (report.incident === null) ids.push(report.id);
    const params = { path: { incident_id: id } };
    const outcome =
      chosen.size > 0 &&
      (await outcomeOf(
        api.POST('/v1/officer/incidents/{incident_id}/reports', {
          params,
          body: { report_ids: ids },
        }),
      ));
    if (outcome && !outcome.ok) return setProblem(outcome.failure.text);
    const left = outcome ? outcome.data.left.length : 0;
    if (left === 0) return go(pathTo(`incidents/${id}`));
    await open.load();
    setProblem(() => reportTexts().related.joined(left));
  };
  const takeInChosen = () => {
    const known = report.incident ?? all.find((each) => chosen.has(each.id) && each.incident)?.incident;
    return known ? joinTo(known.id) : takeIn();
  };
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  const dismiss = ({ id, reference }: SimilarOne) => {
    apart.add(pairOf(report.id, id));
    setChosen(new Set([...chosen].filter((each) => each !== id)));
    setCompared(null);
    tell(() => reportTexts().related.dismissed(reference));
  };
  return (
    <>
      <h3 id="similar" tabIndex={-1}>
        {t.related.similar}
      </h3>
      <Status kind="success">{said}</Status>
      {report.similar?.length === MOST_SIMILAR && (
        <p class="hint">{t.related.most(MOST_SIMILAR)}</p>
      )}
      {report.similar === null && <p class="muted">{t.related.unread}</p>}
      {similar?.length === 0 && <p class="muted">{t.related.none}</p>}
      {similar !== null && similar.length > 0 && (
        <>
          <div class="row">
            <span class="hint">{t.related.compareHint}</span>
            <Button kind="quiet" class="queue-head__keys" onClick={() => setHelp(true)}>
              <Icon name="keyboard" />
              {queueTexts().keys}
            </Button>
          </div>
          <ol class="report-list">
            {similar.map((other) => (
              <Row key={other.id} row={other} now={now.value}>
                <Choice other={other} chosen={chosen} toggle={toggle} />
                <span class="hint">{alikeText(other)}</span>
                <Button onClick={() => setCompared(other)}>{t.related.compare(other.reference)}</Button>
              </Row>
            ))}
          </ol>
        </>
      )}
      <ByNumber report={report} onFound={name} />
      {named.length > 0 && (
        <ol class="report-list">
          {named.map((other) => (
            <Row key={other.id} row={other} now={now.value}>
              <Choice other={other} chosen={chosen} toggle={toggle} />
            </Row>
          ))}
        </ol>
      )}
      {chosen.size > 0 && (
        <div class="row">
          <Button onClick={() => void link()}>{t.related.linkAll}</Button>
          <Button onClick={() => void takeInChosen()}>{t.related.takeInChosen(chosen.size)}</Button>
        </div>
      )}
      {similar !== null && similar.length > 0 && (
        <>
          <Button onClick={takeIn}>{t.related.takeIn(report.incident !== null)}</Button>
          <p class="hint">{t.related.takeInHint}</p>
        </>
      )}
      <Status kind="error">{problem}</Status>
      <Dialog open={compared !== null} title={t.related.compareTitle} onClose={endComparing}>
        {compared && (
          <Comparison
            open={open}
            report={report}
            similar={compared}
            onClose={endComparing}
            onDismiss={dismiss}
            onLinked={({ reference }) => tell(() => reportTexts().related.linkedOne(reference))}
          />
        )}
      </Dialog>
      <Help
        open={help}
        onClose={() => setHelp(false)}
        keys={[
          ...(walk.value ? ([['j', keys.j], ['k', keys.k]] as const) : []),
          ...Object.entries(t.related.keys),
          ['?', keys.question],
        ]}
      />
    </>
  );
}

interface ChoiceProps {
  other: ListedReport;
  chosen: ReadonlySet<string>;
  toggle: (id: string) => void;
}

function Choice({ other, chosen, toggle }: ChoiceProps) {
  return (
    <label class="check">
      <input
        type="checkbox"
        aria-label={reportTexts().related.choose(other.reference)}
        checked={chosen.has(other.id)}
        onChange={() => toggle(other.id)}
      />
    </label>
  );
}

/** Find a report that is not suggested, by its number: it is then chosen as those are. */
function ByNumber({ report, onFound }: Pick<OfReport, 'report'> & { onFound: (found: ListedReport) => void }) {
  const t = reportTexts().related;
  const { api } = useDesk();
  const [typed, setTyped] = useState('');
  const [error, setError] = useState<string | null>(null);
  const find = async () => {
    if (!isReference(typed)) return setError(t.noNumber);
    const query = { reference: digits(typed) };
    const outcome = await outcomeOf(api.GET('/v1/officer/reports', { params: { query } }));
    if (!outcome.ok) return setError(outcome.failure.text);
    const [found] = outcome.data.items;
    if (!found) return setError(t.notFound);
    if (found.id === report.id) return setError(t.itself);
    setError(null);
    setTyped('');
    onFound(found);
  };
  return (
    <Form class="row" onSubmit={() => void find()}>
      <TextField
        id="related-number"
        label={t.byNumber}
        error={error}
        autocomplete="off"
        value={typed}
        onValue={setTyped}
      />
      <Button type="submit">{t.add}</Button>
    </Form>
  );
}

function pairOf(one: string, other: string): string {
  return [one, other].sort().join();
}

function Link({ other }: { other: Other }) {
  return (
    <>
      <a class="reference" href={pathTo(`reports/${other.id}`)}>
        {other.reference}
      </a>{' '}
      <span class={`status-dot status-dot--${other.status}`}>
        {wordFor(words().status, other.status)}
      </span>
    </>
  );
}
