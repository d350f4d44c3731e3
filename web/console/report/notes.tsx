import { useMemo, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Form, TextBox } from '../../shared/components/field.tsx';
import { Status } from '../../shared/components/status.tsx';
import { useSaid } from '../../shared/language.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { Keys } from '../drafts.ts';
import { focusField } from '../parts/focus.ts';
import { Moment } from '../parts/moment.tsx';
import { textKey } from './mask-passage.ts';
import type { OfReport } from './open-report.ts';
import { reportTexts } from './texts.ts';

/** What colleagues tell each other about a report. */
export function Notes({ open, report }: OfReport) {
  const t = reportTexts();
  const { names } = useDesk();
  return (
    <section class="card" aria-labelledby="notes">
      <h2 id="notes">{t.notes.title}</h2>
      {report.notes_cursor !== null && (
        <Button onClick={() => void open.earlier('notes')}>{t.notes.earlier}</Button>
      )}
      {report.notes.length === 0 && <p class="muted">{t.notes.none}</p>}
      <ol class="notes">
        {report.notes.map(({ id, by, text, at }) => (
          <li key={id}>
            <p class="message__head">
              <strong title={by}>{names.officer(by)}</strong>{' '}
              <Moment time={at} />
            </p>
            <p class="message__text" data-text={textKey('note', id)}>
              {text}
            </p>
          </li>
        ))}
      </ol>
      <NewNote open={open} report={report} />
    </section>
  );
}

function NewNote({ open, report }: OfReport) {
  const t = reportTexts();
  const { api, drafts } = useDesk();
  const keys = useMemo(() => new Keys(), []);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useSaid<string | null>(null);
  const [said, setSaid] = useSaid('');
  const draft = `note:${report.id}`;
  const add = async () => {
    const text = drafts.get(draft).trim();
    if (busy) return;
    if (!text) return refuse(t.talk.empty);
    setBusy(true);
    const outcome = await outcomeOf(
      api.POST('/v1/officer/reports/{report_id}/notes', {
        params: {
          path: { report_id: report.id },
          header: { 'Idempotency-Key': keys.for(text) },
        },
        body: { text },
      }),
    );
    setBusy(false);
    if (!outcome.ok) return refuse(outcome.failure.text);
    keys.done();
    drafts.set(draft, '');
    setError(null);
    setSaid(t.notes.added);
    open.merge({ notes: [...(open.report.value?.notes ?? []), outcome.data] });
  };
  const refuse = (why: string) => {
    setError(why);
    focusField('note');
  };
  return (
    <Form class="no-print" onSubmit={add}>
      <TextBox
        id="note"
        label={t.notes.label}
        hint={t.notes.hint}
        error={error}
        rows={2}
        maxLength={4000}
        value={drafts.get(draft)}
        onValue={(value) => {
          drafts.set(draft, value);
          setError(null);
          setSaid('');
        }}
      />
      <Button type="submit" busy={busy}>
        {t.notes.add}
      </Button>
      <Status kind="success">{said}</Status>
    </Form>
  );
}
