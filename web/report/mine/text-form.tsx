import { useEffect, useRef, useState } from 'preact/hooks';

import { lengthOf, worded } from '../../shared/answers.ts';
import { Button } from '../../shared/components/button.tsx';
import { Form, TextBox } from '../../shared/components/field.tsx';
import { sentences, useSaid } from '../../shared/language.ts';
import { forgetTexts, giveWords, textId, wordsOf, write as keepWords, writeNow } from '../begun.ts';
import { catalogue } from '../catalogue.ts';
import { goesOn, once } from '../once.ts';
import type { Entry, TextFor } from '../../../sdk/outbox/types.ts';
import { Length, TEXT_MAX } from '../parts/length.tsx';
import { word } from '../screen.ts';
import { sent } from '../sent/texts.ts';
import { isHeldUp, isKept, outbox } from '../service.ts';
import { write } from '../write/texts.ts';
import { type OwnReport, receipt, refresh } from './report.ts';
import { mine } from './texts.ts';

export interface TextFormProps {
  /** The id of the field. */
  id: string;
  report: OwnReport;
  to: TextFor;
  label: string;
  hint?: string;
  /** What the button says. */
  submit: string;
  /** Called when the person writes anew. */
  onWrite?: () => void;
}

/** A text to the officers. The outbox sends it, so that it may wait for a connection. */
export function TextForm({ id, report, to, label, hint, submit, onWrite }: TextFormProps) {
  const text = mine();
  const [error, setError] = useSaid<string | null>(null);
  const name = textId(report.id, to);
  const typed = wordsOf(name);
  const most = catalogue.value?.limits.text_max ?? TEXT_MAX;
  const refuse = (why: () => string): void => {
    setError(why);
    // The error is read out with its field, once it is shown.
    requestAnimationFrame(() => document.getElementById(id)?.focus());
  };
  const send = async (): Promise<void> => {
    const words = worded(typed);
    if (!words) return refuse(() => mine().blank);
    if (lengthOf(words) > most) return refuse(() => write().long(most));
    const box = outbox.value;
    if (!box || !receipt.value) return refuse(() => mine().failed);
    setError(null);
    const of = { id: report.id, reference: report.reference, receipt: receipt.value };
    try {
      await giveWords(name, () => box.addText(of, to, words));
    } catch {
      refuse(() => mine().failed);
    }
  };
  return (
    <Form class="step">
      <TextBox
        id={id}
        label={label}
        hint={hint}
        error={error}
        rows={3}
        value={typed}
        onValue={(value) => {
          keepWords(name, value);
          setError(null);
          onWrite?.();
        }}
      />
      <Length text={typed} most={most} />
      {/* Also when this form was left while its words are taken, and has come again. */}
      <Button kind="primary" type="submit" busy={goesOn(name)} onClick={send}>
        {submit}
      </Button>
      {typed.trim() !== '' && outbox.value?.durable && <p class="muted">{text.begunStays}</p>}
    </Form>
  );
}

/** Return the texts of a report that are not sent yet. */
export function unsentTexts({ id }: OwnReport, to: TextFor): readonly Entry[] {
  const entries = outbox.value?.entries.value ?? [];
  return entries.filter(({ reportId, text }) => reportId === id && text?.to === to);
}

export interface WaitingProps {
  report: OwnReport;
  to: TextFor;
  /** Called when one has arrived, and the report is read again. */
  onSent: () => void;
}

/** Lines for the texts of a report that are not sent yet: they wait, or were refused. */
export function Waiting({ report, to, onSent }: WaitingProps) {
  const [, setRead] = useState(0);
  const seen = useRef(new Map<string, Entry>());
  const arrived = outbox.value?.arrived.value ?? [];
  const waiting = unsentTexts(report, to);
  for (const entry of waiting) seen.current.set(entry.id, entry);
  const gone = [...seen.current.values()].filter((one) => !waiting.some(({ id }) => id === one.id));
  const here = gone.filter(({ id }) => arrived.includes(id));
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key names what is gone.
  useEffect(() => {
    if (gone.length === 0) return;
    // What has arrived stays in sight until it is read as a message.
    void refresh('step').then(() => {
      for (const { id } of gone) seen.current.delete(id);
      setRead((times) => times + 1);
      if (here.length > 0) onSent();
    });
  }, [gone.map(({ id }) => id).join(' ')]);
  return (
    <>
      {[...here, ...waiting].map((entry) => (
        <One key={entry.id} entry={entry} report={report} hasArrived={here.includes(entry)} />
      ))}
    </>
  );
}

interface OneProps {
  entry: Entry;
  report: OwnReport;
  hasArrived: boolean;
}

function One({ entry, report, hasArrived }: OneProps) {
  const text = mine();
  const { state, problem } = entry;
  const isRefused = state === 'refused';
  const waits = !hasArrived && state === 'waiting' && isHeldUp(entry);
  return (
    <li class="message message--reporter message--waiting">
      <p class="message__head">
        <strong>{text.you}</strong> ·{' '}
        {isRefused ? text.textRefused : waits ? text.textWaits : text.sending}
      </p>
      <p class="message__text">{entry.text?.words}</p>
      {waits && <p class="message__why muted">{isKept(entry) ? text.textKept : text.textMemory}</p>}
      {isRefused && (
        <p class="field__error">
          {problem?.fields?.[0]?.detail ?? problem?.detail ?? problem?.title ?? text.textRefused}
        </p>
      )}
      {waits && entry.mayHaveArrived && <p class="message__why muted">{sent().unsure}</p>}
      {(waits || isRefused) && (
        <div class="row">
          {isRefused && (
            <Button busy={goesOn(entry.id)} onClick={() => correct(entry, report)}>
              {sent().correct}
            </Button>
          )}
          <Button kind="quiet" onClick={() => void erase(entry)}>
            {entry.mayHaveArrived ? sent().erase : text.textErase}
          </Button>
        </div>
      )}
    </li>
  );
}

async function erase({ id, mayHaveArrived }: Entry): Promise<void> {
  const { erased, unsure } = sent();
  await outbox.value?.erase(id);
  if (mayHaveArrived) word.value = { text: sentences(erased, unsure), kind: 'success' };
}

/** Put the words back into their field; a report that may not be opened again still takes messages. */
function correct({ id, text, kept }: Entry, report: OwnReport): Promise<void> {
  return once(id, async () => {
    if (!text) return;
    const to = report.may_reopen ? text.to : 'messages';
    const name = textId(report.id, to);
    const begun = wordsOf(name);
    // They are there already when this was not done to its end.
    const words = begun.startsWith(text.words) ? [begun] : [text.words, begun];
    const isSafe = await writeNow(name, words.filter(Boolean).join('\n\n'));
    // What would outlive the page goes only once its words do so elsewhere.
    if (isSafe || !kept) await outbox.value?.erase(id);
    document.getElementById(to === 'reopen' ? 'reopen' : 'message')?.focus();
  });
}

/** Forget what is begun or waits for a report: its words, and the receipt with them. */
export async function forgetUnsent(reportId: string): Promise<void> {
  await forgetTexts(textId(reportId));
  const box = outbox.value;
  for (const { id, reportId: of, text } of box?.entries.value ?? []) {
    if (text && of === reportId) await box?.erase(id);
  }
}
