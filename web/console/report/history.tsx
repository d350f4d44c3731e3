import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Form, TextField } from '../../shared/components/field.tsx';
import { Status } from '../../shared/components/status.tsx';
import { labelled, useSaid } from '../../shared/language.ts';
import { span } from '../../shared/time.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import type { Names } from '../names.ts';
import { type Folded, folded } from '../parts/folded.ts';
import type { Agency, Medium, Report, ReportEvent } from '../types.ts';
import { wordFor } from '../words.ts';
import { picturesOf } from './lightbox.tsx';
import { maskTexts } from './mask-texts.ts';
import { reportTexts } from './texts.ts';
import { agencyName, useAgencies, valueText } from './values.ts';

/** Who did and saw what: read when somebody asks for it, since reading it is on record, too. */
export function History({ report }: { report: Report }) {
  const t = reportTexts();
  const { api } = useDesk();
  const [items, setItems] = useState<ReportEvent[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [problem, setProblem] = useSaid('');
  const read = async (from: string | null) => {
    const outcome = await outcomeOf(
      api.GET('/v1/officer/reports/{report_id}/history', {
        params: { path: { report_id: report.id }, ...(from !== null && { query: { cursor: from } }) },
      }),
    );
    if (!outcome.ok) return setProblem(outcome.failure.text);
    setItems([...(from === null ? [] : (items ?? [])), ...outcome.data.items]);
    setCursor(outcome.data.next_cursor);
  };
  return (
    <section class={items === null ? 'card no-print' : 'card'} aria-labelledby="history">
      <h2 id="history">{t.history.title}</h2>
      <Status kind="error">{problem}</Status>
      {items === null && (
        <div class="no-print">
          <p class="hint">{t.history.hint}</p>
          <Button onClick={() => read(null)}>{t.history.show}</Button>
        </div>
      )}
      <ol class="history">
        {items && <Entries items={items} media={report.media} />}
      </ol>
      {cursor !== null && <Button onClick={() => read(cursor)}>{t.history.more}</Button>}
      {items !== null && (report.media.length > 0 || report.gist !== null) && (
        <PictureLists report={report} />
      )}
    </section>
  );
}

/** The lists of a day that showed a picture of the report, or its gist: they are on record with the officer. */
function PictureLists({ report }: { report: Report }) {
  const t = reportTexts();
  const { api } = useDesk();
  const [day, setDay] = useState(new Date().toISOString().slice(0, 10));
  const [items, setItems] = useState<ReportEvent[] | null>(null);
  const [problem, setProblem] = useSaid('');
  const [busy, setBusy] = useState(false);
  const read = async () => {
    setBusy(true);
    const params = { path: { report_id: report.id }, query: { pictures_on: day } };
    const outcome = await outcomeOf(api.GET('/v1/officer/reports/{report_id}/history', { params }));
    setBusy(false);
    if (!outcome.ok) return setProblem(outcome.failure.text);
    setItems(outcome.data.items);
  };
  return (
    <Form class="no-print" onSubmit={() => void read()}>
      <TextField
        id="pictures-on"
        label={t.history.picturesOn}
        error={null}
        type="date"
        value={day}
        onValue={setDay}
      />
      <Button type="submit" busy={busy}>
        {t.history.picturesShow}
      </Button>
      <Status kind="error">{problem}</Status>
      <Status>{items?.length === 0 && t.history.picturesNone}</Status>
      {items && items.length > 0 && (
        <ol class="history">
          <Entries items={items} media={report.media} />
        </ol>
      )}
    </Form>
  );
}

function Entries({ items, media }: { items: ReportEvent[]; media: Medium[] }) {
  const known = { agencies: useAgencies(), media };
  return (
    <>
      {folded(items).map((line, index) => (
        <Entry key={index} line={line} known={known} />
      ))}
    </>
  );
}

function Entry({ line, known }: { line: Folded<ReportEvent>; known: Known }) {
  const t = reportTexts();
  const { names } = useDesk();
  const { item, until, count } = line;
  return (
    <li>
      <p class="message__head">
        <time dateTime={item.at}>{span(item.at, until)}</time> <strong title={item.by}>{names.officer(item.by)}</strong>{' '}
        {t.history.actions[item.action]}
        {count > 1 && ` ${t.history.times(count)}`}
      </p>
      {linesOf(item, names, known).map((line) => (
        <p key={line} class="hint">
          {line}
        </p>
      ))}
      {!item.verified && <p class="message__altered">{t.history.altered}</p>}
    </li>
  );
}

/** What an entry of the history says, in lines. */
type Detail = NonNullable<ReportEvent['detail']>;
type Change = NonNullable<Detail['fields']>[string];

/** What an entry names by a code. */
export interface Known {
  agencies: readonly Agency[];
  media: readonly Medium[];
}

/** Return the lines of an entry, in the language of the screen. */
export function linesOf(
  { by, detail }: ReportEvent,
  names: Names,
  { agencies, media }: Known,
): string[] {
  if (detail === null) return [];
  const { history: t, conflict } = reportTexts();
  const lines = Object.entries(detail.fields ?? {}).map(([field, { old, new: now }]) => {
    const name = conflict.fields[field] ?? field;
    return labelled(name, `${said(field, old, names)} → ${said(field, now, names)}`);
  });
  if (detail.referral !== undefined) {
    const step = wordFor(t.referralSteps, detail.referral);
    lines.push(t.referral(agencyName(agencies, detail.agency ?? ''), step));
  }
  if (detail.mask !== undefined) {
    const step = wordFor(t.referralSteps, detail.mask);
    const { maskOf, parts } = maskTexts();
    lines.push(labelled(maskOf(wordFor(parts, detail.part ?? '')), step));
  }
  if (detail.media_id !== undefined) {
    const step = detail.redaction && wordFor(t.redactionSteps, detail.redaction);
    const name = pictureName(media, detail.media_id);
    lines.push(step ? labelled(name, step) : name);
  }
  if (detail.burst !== undefined) {
    const by = [detail.asked_by, detail.approved_by].map((each) => names.officer(each ?? ''));
    lines.push(t.burst(by.join(', ')));
  }
  if (detail.files !== undefined) lines.push(t.files(detail.files.length));
  lines.push(...momentsOf(detail, by));
  if (detail.reason !== undefined) lines.push(t.because(detail.reason));
  return lines;
}

/** Return what a picture is called above its others; a recording has no number. */
function pictureName(media: readonly Medium[], id: string): string {
  const { media: t, history } = reportTexts();
  const pictures = picturesOf(media);
  const number = pictures.findIndex((picture) => picture.id === id) + 1;
  return number > 0 ? t.picture(number, pictures.length) : history.file;
}

function momentsOf(detail: Detail, by: string): string[] {
  const { moments: t } = reportTexts().history;
  const lines: string[] = [];
  const steps = ['asked', 'approved', 'lift_asked', 'lifted', 'ended', 'lifted_out', 'declined'] as const;
  for (const step of steps) {
    if (detail[step]) lines.push(t[step]);
  }
  for (const step of ['review_due', 'unreviewed', 'unlinked'] as const) {
    if (detail.step === step) lines.push(t[step]);
  }
  if (detail.lift_declined) {
    lines.push(detail.asked_by === by ? t.lift_taken_back : t.lift_declined);
  }
  if (detail.followed !== undefined) lines.push(detail.followed ? t.followed : t.unfollowed);
  if (detail.muted !== undefined) lines.push(detail.muted ? t.muted : t.unmuted);
  return lines;
}

function said(field: string, value: Change['old'], names: Names): string {
  if (value !== null && typeof value === 'object') {
    return `${valueText('disposition', value.disposition, names)} (${names.officer(value.by)})`;
  }
  return valueText(field, value, names);
}
