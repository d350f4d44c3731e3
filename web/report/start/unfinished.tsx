import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { language, sentences } from '../../shared/language.ts';
import { begunTexts, forgetTexts, loadTexts, reportOf } from '../begun.ts';
import { categoryOf } from '../catalogue.ts';
import { draftChanges, eraseDraft, type KeptDraft, readDrafts } from '../draft.ts';
import type { Entry, EntryState } from '../../../sdk/outbox/types.ts';
import { isLeft } from '../put-away.ts';
import { howToGoOn, stillSending } from '../parts/still-sending.tsx';
import { Sure } from '../parts/sure.tsx';
import { go, type Word, word } from '../screen.ts';
import { asksForReceipt, isHeldUp, outbox } from '../service.ts';
import { showTime } from '../../shared/time.ts';
import { start } from './texts.ts';

/** The reports that were begun. */
const begun = signal<readonly KeptDraft[]>([]);

/** What is on this phone: the report that was begun, and those that are not sent or confirmed. */
export function Unfinished() {
  const text = start();
  const entries = outbox.value?.entries.value ?? [];
  useEffect(() => {
    void look();
    void loadTexts();
  }, [draftChanges.value, outbox.value]);
  useArrivals(entries);
  const texts = begunTexts();
  if (begun.value.length + texts.length + entries.length === 0) return null;
  return (
    <section class="unfinished" aria-labelledby="unfinished">
      <h2 id="unfinished">{text.unsent}</h2>
      <ul class="plain">
        {begun.value.map((draft) => (
          <Begun key={draft.id} draft={draft} />
        ))}
        {texts.map((one) => (
          <li key={one.id} class="unfinished__one">
            <p>
              <strong>{text.begun}</strong>
              <About category="" at={one.at} />
            </p>
            {outbox.value?.durable && (
              <p>
                {sentences(
                  text.begunSeen,
                  receiptOf(reportOf(one), entries) === null ? text.begunNeeds : '',
                )}
              </p>
            )}
            <div class="row">
              <Button
                kind="primary"
                onClick={() => go({ name: 'mine', receipt: receiptOf(reportOf(one), entries) })}
              >
                {text.draftOpen}
              </Button>
              <Button onClick={() => eraseBegun(one.id)}>{text.draftErase}</Button>
            </div>
          </li>
        ))}
        {entries.map((entry) => (
          <li key={entry.id} class="unfinished__one">
            <p>
              <strong>{stateOf(entry)}</strong>
              <About category={entry.category} at={entry.createdAt} reference={entry.reference} />
            </p>
            {entry.state === 'uploading' && <p>{howToGoOn([entry])}</p>}
            {entry.receipt && <p>{asksForReceipt(entry) ? text.receiptHidden : text.receiptUntil}</p>}
            {entry.text && entry.mayHaveArrived && <p>{text.messageUnsure}</p>}
            <div class="row">
              <Button kind={entry.receipt ? 'primary' : 'secondary'} onClick={() => open(entry)}>
                {asksForReceipt(entry) ? text.receiptOpen : text.unsentOpen}
              </Button>
              {entry.text && (
                <Button onClick={() => eraseText(entry)}>{text.draftErase}</Button>
              )}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Say that a message has arrived: nothing else is left of it here. */
function useArrivals(entries: readonly Entry[]): void {
  const waiting = useRef<readonly string[]>([]);
  const arrived = outbox.value?.arrived.value ?? [];
  const here = entries.filter((entry) => entry.text).map(({ id }) => id);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key names what is here.
  useEffect(() => {
    const isGone = (id: string) => !here.includes(id) && arrived.includes(id);
    if (waiting.current.some(isGone)) say(start().messageSent);
    waiting.current = here;
  }, [here.join(' '), arrived]);
}

/** A report that was begun. It may hold the only copy of a photo: it is erased after a question. */
function Begun({ draft }: { draft: KeptDraft }) {
  const text = start();
  const [asked, setAsked] = useState(false);
  return (
    <li class="unfinished__one">
      <p>
        <strong>{text.draft}</strong>
        <About category={draft.form.category} at={draft.at} />
      </p>
      {outbox.value?.durable && <p>{text.draftSeen}</p>}
      {asked ? (
        <Sure
          title={text.draftSure}
          yes={text.draftYes}
          no={text.draftNo}
          onYes={() => erase(draft.id)}
          onNo={() => setAsked(false)}
        >
          <p>{text.draftText}</p>
        </Sure>
      ) : (
        <div class="row">
          <Button kind="primary" onClick={() => go({ name: 'rewrite', draft: draft.id })}>
            {text.draftOpen}
          </Button>
          <Button onClick={() => setAsked(true)}>{text.draftErase}</Button>
        </div>
      )}
    </li>
  );
}

/** What was added to a report is shown in that report. */
function open(entry: Entry): void {
  if (entry.category === '') go({ name: 'mine', receipt: entry.receipt ?? null });
  else go({ name: 'sent', entry: entry.id });
}

interface AboutProps {
  category: string;
  at: number;
  /** Once the service has given it one. */
  reference?: string | undefined;
}

/** What a report is about, when it was written, and what it is called. */
function About({ category, at, reference }: AboutProps) {
  const label = categoryOf(category)?.label;
  return (
    <span class="muted facts">
      {label && <span>{label}</span>}
      {reference && <strong>{reference}</strong>}
      <span>{showTime(new Date(at).toISOString(), language.value)}</span>
    </span>
  );
}

async function look(): Promise<void> {
  // What a page that was left has not put away is shown to nobody.
  if (!isLeft()) begun.value = await readDrafts();
}

/** Return the receipt of a report if it is still on this phone. */
function receiptOf(report: string, entries: readonly Entry[]): string | null {
  return entries.find(({ reportId }) => reportId === report)?.receipt ?? null;
}

async function erase(id: string): Promise<void> {
  sayErased(await eraseDraft(id), start().draftErased);
}

async function eraseBegun(id: string): Promise<void> {
  sayErased(await forgetTexts(id), start().begunErased);
}

async function eraseText({ id, mayHaveArrived }: Entry): Promise<void> {
  const text = start();
  let isErased = true;
  try {
    await outbox.value?.erase(id);
  } catch {
    isErased = false;
  }
  sayErased(isErased, mayHaveArrived ? text.messageErasedUnsure : text.messageErased);
}

function sayErased(isErased: boolean, said: string): void {
  if (isErased) say(said);
  else say(start().draftNotErased, 'warning');
}

function say(said: string, kind: Word['kind'] = 'success'): void {
  word.value = { text: said, kind };
}

function stateOf(entry: Entry): string {
  const text = start();
  if (entry.text) {
    return text.message(entry.state === 'refused' ? text.messageRefused : text.messageWaiting);
  }
  const { percent } = stillSending([entry]);
  const words: Readonly<Record<EntryState, string>> = {
    waiting: text.stateWaiting,
    proving: text.stateProving,
    sending: text.stateSending,
    uploading: isHeldUp(entry) ? text.stateHeldUp(percent) : text.stateUploading(percent),
    sent: text.stateSent,
    refused: text.stateRefused,
  };
  return words[entry.state];
}
