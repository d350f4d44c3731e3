import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { colon, labelled, sentences } from '../../shared/language.ts';
import { fileKey } from '../attachment.ts';
import { begunTexts, forgetTexts, reportOf, textId } from '../begun.ts';
import { formOf } from '../form.ts';
import { goesOn, once } from '../once.ts';
import type { Entry, Problem } from '../../../sdk/outbox/types.ts';
import { Heading } from '../parts/heading.tsx';
import { StillSending, stillSending } from '../parts/still-sending.tsx';
import { Sure } from '../parts/sure.tsx';
import { showReceipt } from '../../../sdk/receipt.ts';
import { go, screen } from '../screen.ts';
import { isKept, online, outbox } from '../service.ts';
import { correct, form, kept, type Refusal } from '../write/state.ts';
import { Files } from './files.tsx';
import { Receipt } from './receipt.tsx';
import { sent } from './texts.ts';
import './sent.css';

interface Said {
  /** No place was sent, though one was wanted. */
  placeless: boolean;
  /** The title of the bulletin that it is about, if that is known. */
  about: string | undefined;
}

/** What becomes of a report on its way: sending, refused, or filed with its receipt. */
export function Sent({ id, ...said }: { id: string } & Said) {
  const text = sent();
  const box = outbox.value;
  const entry = box?.entries.value.find((one) => one.id === id);
  // As it was when it went: with its last file, if the person had the receipt.
  const last = useRef<Entry | null>(null);
  if (entry) last.current = entry;
  if (!entry) {
    const confirmed = last.current?.confirmed ? last.current : null;
    return (
      <>
        <Heading key="gone">{confirmed ? text.filesDone : text.gone}</Heading>
        {confirmed && <p>{confirmedText(confirmed)}</p>}
        <Again />
      </>
    );
  }
  return (
    <>
      {entry.receipt ? (
        <Filed entry={entry} {...said} />
      ) : entry.state === 'refused' ? (
        <Refused entry={entry} />
      ) : (
        <OnItsWay entry={entry} />
      )}
    </>
  );
}

function OnItsWay({ entry }: { entry: Entry }) {
  const text = sent();
  const waits = entry.state === 'waiting';
  const kept = isKept(entry);
  return (
    <>
      {/* A heading for each state, so that it is read out when the state changes. */}
      <Heading key={entry.state}>
        {waits ? text.waiting : entry.state === 'proving' ? text.proving : text.sending}
      </Heading>
      <Status kind={waits ? 'warning' : 'info'}>
        {waits && <p>{kept ? text.waitingText : text.waitingMemory}</p>}
        {entry.state === 'proving' && <p>{text.provingText}</p>}
        {entry.state === 'sending' && <p>{text.sendingText}</p>}
      </Status>
      {entry.problem && waits && <Why problem={entry.problem} />}
      {entry.state === 'proving' && (
        <progress class="progress" max={1} value={entry.proof ?? 0} aria-label={text.proving} />
      )}
      {entry.state === 'sending' && <progress class="progress" aria-label={text.sending} />}
      <SendNow entry={entry} />
      <Files entry={entry} />
      <Erase entry={entry} />
    </>
  );
}

/** "Send now", and what came of it: nothing else in sight changes when it fails. */
function SendNow({ entry }: { entry: Entry }) {
  const text = sent();
  const [tried, setTried] = useState<'trying' | 'failed' | 'putOff' | null>(null);
  const failed = online.value ? text.triedSilent : text.triedOffline;
  const words = { trying: text.trying, failed, putOff: text.putOff };
  const send = async (): Promise<void> => {
    const before = entry.retryAt;
    // Another word in between: the same one twice is read out once.
    setTried('trying');
    await outbox.value?.send();
    const after = outbox.value?.entries.value.find(({ id }) => id === entry.id)?.retryAt;
    // What the service has put off is not tried sooner.
    setTried(after !== undefined && after === before ? 'putOff' : 'failed');
  };
  const waits = entry.state === 'waiting';
  return (
    <>
      {waits && (
        <Button kind="primary" class="wide" onClick={() => void send()}>
          {text.retry}
        </Button>
      )}
      <Status>{waits && tried && <p>{words[tried]}</p>}</Status>
    </>
  );
}

function Filed({ entry, placeless, about }: { entry: Entry } & Said) {
  const text = sent();
  const { left } = stillSending([entry]);
  // Of a page that keeps nothing the frame says so.
  const isUnkept = outbox.value?.durable && !entry.receiptKept && !entry.confirmed;
  const refused = entry.files.filter(({ state }) => state === 'refused').length;
  return (
    <>
      <Heading key="filed">{left > 0 ? text.arrivedPart : text.arrived}</Heading>
      <StillSending entries={[entry]} />
      <Status kind="warning">
        {refused > 0 && <p>{text.filesRefused(refused)}</p>}
        {entry.leftOut.length > 0 && <p>{text.leftOut}</p>}
        {entry.leftOut.map(({ field, detail }) => (
          <p key={field}>{detail}</p>
        ))}
        {isUnkept && <p>{text.receiptMemory}</p>}
      </Status>
      <Status kind={left > 0 ? 'info' : 'success'}>
        {left + refused === 0 && entry.files.length > 0 && <p>{text.filesDone}</p>}
        {about && <p>{labelled(text.about, about)}</p>}
        {entry.reference && (
          <p>
            {text.reference}
            {colon()}
            <strong class="whole">{entry.reference}</strong>
          </p>
        )}
      </Status>
      {placeless && (
        <Status kind="warning">
          <p>{text.placeless}</p>
        </Status>
      )}
      {entry.notes.length > 0 && (
        <section class="notes" aria-labelledby="notes">
          <h2 id="notes">{text.notes}</h2>
          {entry.notes.map((note) => (
            <p key={note}>{note}</p>
          ))}
        </section>
      )}
      {entry.receipt && <Receipt receipt={entry.receipt} reference={entry.reference ?? ''} />}
      {entry.confirmed ? <p>{text.haveLater}</p> : <Confirm entry={entry} left={left} />}
      <Files entry={entry} />
      <section class="choice-apart no-print">
        <Button class="wide" onClick={() => go({ name: 'mine', receipt: entry.receipt ?? null })}>
          {text.open}
        </Button>
        <p class="muted">{text.openHint}</p>
      </section>
      <section class="choice-apart no-print">
        <Erase entry={entry} hint={entry.confirmed ? text.eraseFilesHint : text.eraseWithoutHint}>
          {entry.confirmed ? text.eraseNow : text.eraseWithout}
        </Erase>
      </section>
    </>
  );
}

/** "I have kept it", and the one question then: what is erased here may be the only copy. */
function Confirm({ entry, left }: { entry: Entry; left: number }) {
  const text = sent();
  const [asked, setAsked] = useState(false);
  const [failed, setFailed] = useState(false);
  const confirm = async (): Promise<void> => {
    const said = confirmedText(entry);
    setFailed(false);
    try {
      await outbox.value?.confirmReceipt(entry.id);
    } catch {
      return setFailed(true);
    }
    if (left === 0 && isShown(entry)) go({ name: 'start' }, said);
  };
  if (!asked) {
    return (
      <section class="no-print">
        <Button kind="primary" class="wide" onClick={() => setAsked(true)}>
          {text.have}
        </Button>
      </section>
    );
  }
  return (
    <Sure
      title={text.haveTitle}
      yes={text.haveYes}
      no={text.haveNo}
      onYes={confirm}
      onNo={() => setAsked(false)}
    >
      <p class="receipt__code" translate={false}>
        <code>{showReceipt(entry.receipt ?? '')}</code>
      </p>
      <p>{text.haveText}</p>
      {left > 0 && <p>{text.haveUnsent}</p>}
      {hasBegun(entry) && <p>{text.haveBegun}</p>}
      <NotErased shown={failed} />
    </Sure>
  );
}

function Refused({ entry }: { entry: Entry }) {
  const text = sent();
  return (
    <>
      <Heading key="refused">{text.refused}</Heading>
      <Status kind="error">
        {entry.problem && <Why problem={entry.problem} />}
        <p>{text.refusedText}</p>
      </Status>
      {entry.category !== '' && (
        <Button
          kind="primary"
          class="wide"
          busy={goesOn(entry.id)}
          onClick={() => once(entry.id, () => repair(entry))}
        >
          {text.correct}
        </Button>
      )}
      <Files entry={entry} />
      <Erase entry={entry} />
    </>
  );
}

/** Make a draft of a report that was refused, and show it. */
async function repair(entry: Entry): Promise<void> {
  const draft = await outbox.value?.draftOf(entry.id);
  if (!draft || !isShown(entry)) return;
  const { keep, report } = draft;
  const uncut = (keep.uncut ?? []).map(fileKey);
  const words = { ...formOf(report, keep.time || keep.place), uncut };
  await correct(words, draft.files, refusalsOf(entry.problem));
  // What outlives the page is given up only for what does so, too.
  const isSafe = kept.value === 'kept' || !entry.kept;
  const isErased = form.value === words && isSafe && (await erased([entry]));
  // Whoever has gone to another screen, or begun another report, stays there.
  if (form.value !== words || !isShown(entry)) return;
  go({ name: 'rewrite', draft: null }, isErased ? '' : sent().correctStays, 'warning');
}

/** Erase entries. Return whether they are gone from this device. */
async function erased(entries: readonly Entry[]): Promise<boolean> {
  try {
    for (const { id } of entries) await outbox.value?.erase(id);
    return true;
  } catch {
    return false;
  }
}

function isShown({ id }: Entry): boolean {
  const { value } = screen;
  return value.name === 'sent' && value.entry === id;
}

/** The API's own words on what is wrong. */
function Why({ problem }: { problem: Problem }) {
  if (!problem.title && !problem.detail) return null;
  return (
    <div class="why">
      {problem.title && (
        <p>
          <strong>{problem.title}</strong>
        </p>
      )}
      {problem.detail && <p>{problem.detail}</p>}
      {problem.fields && problem.fields.length > 0 && (
        <ul>
          {problem.fields.map(({ field, detail }) => (
            <li key={field}>{detail}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

interface EraseProps {
  entry: Entry;
  hint?: string;
  children?: ComponentChildren;
}

function Erase({ entry, hint, children }: EraseProps) {
  const text = sent();
  const [asked, setAsked] = useState(false);
  const [failed, setFailed] = useState(false);
  const others = othersOf(entry);
  const unsure = [entry, ...others].some(({ mayHaveArrived }) => mayHaveArrived);
  const erase = async (): Promise<void> => {
    setFailed(false);
    // With all that is on this device for the report: else its receipt would stay. The entry is the
    // last: this screen goes with it.
    const areForgotten = !entry.reportId || (await forgetTexts(textId(entry.reportId)));
    const areErased = areForgotten && (await erased([...others, entry]));
    if (!areErased) return setFailed(true);
    // Whoever has gone to another screen meanwhile stays there.
    if (isShown(entry)) go({ name: 'start' }, sentences(text.erased, unsure ? text.unsure : ''));
  };
  if (!asked) {
    return (
      <>
        <Button kind="quiet" onClick={() => setAsked(true)}>
          {children ?? text.erase}
        </Button>
        {hint && <p class="muted">{hint}</p>}
      </>
    );
  }
  const unsent = [entry, ...others].some(
    ({ files, text: words }) =>
      words || files.some(({ state }) => state === 'waiting' || state === 'uploading'),
  );
  return (
    <Sure
      title={text.eraseTitle}
      yes={text.eraseYes}
      no={text.eraseNo}
      onYes={erase}
      onNo={() => setAsked(false)}
    >
      {unsure && <p>{text.unsure}</p>}
      <p>
        {entry.receipt
          ? unsent
            ? text.eraseFiles
            : text.eraseSent
          : unsure
            ? text.eraseUnsure
            : text.eraseUnsent}
      </p>
      <NotErased shown={failed} />
    </Sure>
  );
}

function NotErased({ shown }: { shown: boolean }) {
  return <Status kind="error">{shown && <p>{sent().notErased}</p>}</Status>;
}

/** Return what was added to the report of an entry, and is on this phone until it is sent. */
function othersOf({ id, reportId }: Entry): readonly Entry[] {
  const entries = outbox.value?.entries.value ?? [];
  return reportId ? entries.filter((one) => one.id !== id && one.reportId === reportId) : [];
}

/** Return whether a message for the report of an entry is begun on this phone. */
function hasBegun({ reportId }: Entry): boolean {
  return begunTexts().some((one) => reportOf(one) === reportId);
}

/** Return what is said when an entry went because the person has its receipt. */
function confirmedText(entry: Entry): string {
  const text = sent();
  if (othersOf(entry).length > 0) return text.confirmedLeft;
  return hasBegun(entry) ? text.confirmedBegun : text.confirmed;
}

function Again() {
  const text = sent();
  return <Button onClick={() => go({ name: 'write', category: '', bulletin: null })}>{text.another}</Button>;
}

const FIELDS: Readonly<Record<string, string>> = {
  category_not_active: 'category',
  oversight_not_offered: 'concerns_police',
};

function refusalsOf(problem: Problem | undefined): readonly Refusal[] {
  if (!problem) return [];
  if (problem.fields && problem.fields.length > 0) {
    return problem.fields.map(({ field, detail }) => ({ field, text: detail }));
  }
  const field = FIELDS[problem.code] ?? 'text';
  return [{ field, text: problem.detail ?? problem.title ?? problem.code }];
}
