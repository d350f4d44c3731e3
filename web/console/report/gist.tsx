/** The gist of a report: one line that its row in the queue shows, which names nobody. */

import { useEffect, useState } from 'preact/hooks';

import { lengthOf } from '../../shared/answers.ts';
import { Button } from '../../shared/components/button.tsx';
import { Form, TextField } from '../../shared/components/field.tsx';
import { Status } from '../../shared/components/status.tsx';
import { labelled, sentences, useSaid } from '../../shared/language.ts';
import { useDesk } from '../desk.ts';
import type { Names } from '../names.ts';
import { focusField } from '../parts/focus.ts';
import { useKeys } from '../queue/shortcuts.tsx';
import type { Report } from '../types.ts';
import type { OfReport } from './open-report.ts';
import { reportTexts } from './texts.ts';
import { answerText } from './values.ts';

const GIST = 'gist';
const GIST_MAX = 80;

export function Gist({ open, report }: OfReport) {
  const t = reportTexts().gist;
  const { names } = useDesk();
  const offered = report.gist ?? suggestion(report, names);
  const [text, setText] = useState(offered);
  const [wrong, setWrong] = useSaid<string | null>(null);
  const [problem, setProblem] = useSaid('');
  const [said, setSaid] = useSaid('');
  const [busy, setBusy] = useState(false);
  // Names come later than the report, and a colleague may have written meanwhile.
  useEffect(() => setText(offered), [offered]);
  useKeys((action) => {
    if (action !== 'gist') return;
    focusField(GIST);
    // What is only offered gives way to what is typed.
    if (report.gist === null && text === offered) {
      requestAnimationFrame(() => {
        const field = document.getElementById(GIST);
        if (field instanceof HTMLInputElement) field.select();
      });
    }
  });
  const save = async (wanted: string) => {
    setSaid('');
    setProblem('');
    const number = copiedNumber(wanted, report);
    const isLong = lengthOf(wanted) > GIST_MAX;
    setWrong(
      isLong || number
        ? () => (isLong ? reportTexts().gist.long(GIST_MAX) : reportTexts().gist.number(number ?? ''))
        : null,
    );
    if (isLong || number) return focusField(GIST);
    setBusy(true);
    const failure = await open.put('gist', { text: wanted });
    setBusy(false);
    if (failure === null) return setSaid(() => reportTexts().gist[wanted.trim() ? 'saved' : 'removed']);
    // What is no fault of the words is said beside the button.
    const own = failure.problem?.errors?.[0];
    if (own === undefined) return setProblem(failure.text);
    setWrong(own.detail);
    focusField(GIST);
  };
  if (report.status === 'withdrawn') return null;
  return (
    <Form class="card gist no-print" onSubmit={() => save(text)}>
      <TextField
        id={GIST}
        label={t.label}
        hint={sentences(report.gist === null ? t.offered : t.hint, t.length(lengthOf(text), GIST_MAX))}
        error={wrong}
        autoComplete="off"
        value={text}
        onValue={setText}
      />
      <Status kind="error">{problem}</Status>
      <p class="row">
        <Button type="submit" busy={busy}>
          {t.save}
        </Button>
        {report.gist !== null && (
          <Button kind="quiet" busy={busy} onClick={() => save('')}>
            {t.remove}
          </Button>
        )}
      </p>
      <Status kind="success">{said}</Status>
    </Form>
  );
}

/**
 * Return a line to take over: what was chosen from the category's own answers, and the place in the
 * city's words. A "no" is left out. Of what the reporter has typed, numbers alone are in it, such as
 * an age.
 */
export function suggestion(
  { answers, station, district }: Pick<Report, 'answers' | 'station' | 'district'>,
  names: Pick<Names, 'station' | 'district'>,
): string {
  const place = station === null ? names.district(district) : names.station(station);
  const chosen = (answers ?? []).flatMap(({ label, value, value_label: said }) => {
    if (said !== undefined) return [labelled(label, said)];
    if (value === false) return [];
    return typeof value === 'string' ? [] : [labelled(label, answerText(value, undefined))];
  });
  const parts = [...chosen, place];
  while (parts.join(' · ').length > GIST_MAX) parts.shift();
  return parts.join(' · ');
}

/** Return a number, or a part of a plate, that the reporter has written, too; null for none. */
export function copiedNumber(
  text: string,
  { text: written, location, messages }: Pick<Report, 'text' | 'location' | 'messages'>,
): string | null {
  const said = [written, location?.address, ...messages.map((each) => each.text)].join('\n');
  const numbers = text.match(/[A-Za-z0-9]*\d[A-Za-z0-9]*/g) ?? [];
  return numbers.find((each) => each.length > 3 && said.includes(each)) ?? null;
}
