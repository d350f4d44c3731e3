import { useEffect, useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { sentences } from '../../shared/joined.ts';
import { forgetTexts, textId, wordsOf, writeNow } from '../begun.ts';
import { goesOn, once } from '../once.ts';
import type { Entry, TextFor } from '../outbox/types.ts';
import { isHeldUp, isKept, outbox } from '../service.ts';
import { sent } from '../sent/texts.ts';
import { word } from '../screen.ts';
import { type OwnReport, refresh } from './report.ts';
import { mine } from './texts.ts';

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
