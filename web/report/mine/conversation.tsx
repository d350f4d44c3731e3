import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { language, useSaid } from '../../shared/language.ts';
import { showTime } from '../../shared/time.ts';
import { forgetTexts, textId, wordsOf } from '../begun.ts';
import { goesOn } from '../once.ts';
import { tell } from '../screen.ts';
import {
  earlier,
  earlierCursor,
  giveFeedback,
  loadEarlier,
  type Message,
  type OwnReport,
  refresh,
  useLatest,
} from './report.ts';
import { TextForm, unsentTexts, Waiting } from './text-form.tsx';
import { mine } from './texts.ts';

/** What officers and the reporter write to each other. */
export function Conversation({ report }: { report: OwnReport }) {
  const text = mine();
  const [said, setSaid] = useLatest('');
  const hasEarlier = earlier.value.length > 0 ? earlierCursor.value : report.messages_cursor;
  const all = [...earlier.value, ...report.messages];
  return (
    <section aria-labelledby="conversation">
      <h2 id="conversation">{text.conversation}</h2>
      {hasEarlier && <Button onClick={() => void loadEarlier()}>{text.earlier}</Button>}
      {all.length + unsentTexts(report, 'messages').length === 0 && <p class="muted">{text.noMessages}</p>}
      <ol class="plain messages" aria-live="polite">
        {all.map((message) => (
          <OneMessage key={message.id} message={message} />
        ))}
        <Waiting report={report} to="messages" onSent={() => setSaid(() => mine().sentMessage)} />
      </ol>
      <TextForm
        id="message"
        report={report}
        to="messages"
        label={text.message}
        submit={text.send}
        onWrite={() => setSaid('')}
      />
      <Status kind="success">{said}</Status>
    </section>
  );
}

function OneMessage({ message }: { message: Message }) {
  const text = mine();
  return (
    <li class={`message message--${message.from}`} tabIndex={-1}>
      <p class="message__head">
        <strong>{message.from === 'officer' ? text.officer : text.you}</strong>{' '}
        <time dateTime={message.sent_at}>{showTime(message.sent_at, language.value)}</time>
      </p>
      <p class="message__text">{message.altered ? text.altered : message.text}</p>
    </li>
  );
}

/** Lead to the latest message of an officer. */
export function toAnswer(): void {
  const all = document.querySelectorAll<HTMLElement>('.message--officer');
  const last = all[all.length - 1];
  last?.scrollIntoView({ block: 'center' });
  last?.focus({ preventScroll: true });
}

/** The one question after a report is closed. It can be passed over. */
export function Feedback({ report }: { report: OwnReport }) {
  const text = mine();
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useSaid('');
  const answer = async (helped: boolean): Promise<void> => {
    setBusy(true);
    const outcome = await giveFeedback(helped);
    setBusy(false);
    if (outcome.done) setSaid(outcome.value.text);
    else setSaid(outcome.detail || text.failed);
    await refresh('step');
  };
  return (
    <>
      {report.question && (
        <section class="question no-print" aria-labelledby="question">
          <h2 id="question">{text.question}</h2>
          <p>{report.question}</p>
          <div class="row">
            <Button busy={busy} onClick={() => void answer(true)}>
              {text.yes}
            </Button>
            <Button busy={busy} onClick={() => void answer(false)}>
              {text.no}
            </Button>
          </div>
        </section>
      )}
      {/* An answer to the ending: there is none any more once the report is open again. */}
      <Status kind="success">{report.status === 'closed' && said}</Status>
    </>
  );
}

/** Open a closed report again, once. */
export function Reopen({ report }: { report: OwnReport }) {
  const text = mine();
  const [open, setOpen] = useState(false);
  const name = textId(report.id, 'reopen');
  const isBegun = wordsOf(name) !== '';
  const waits = unsentTexts(report, 'reopen').length > 0;
  const leaveClosed = async (): Promise<void> => {
    await forgetTexts(name);
    setOpen(false);
  };
  return (
    <>
      <ul class="plain" aria-live="polite">
        <Waiting report={report} to="reopen" onSent={() => tell(mine().reopened)} />
      </ul>
      {!report.may_reopen || waits ? null : open || isBegun ? (
        <>
          <TextForm
            id="reopen"
            report={report}
            to="reopen"
            label={text.reopenTitle}
            hint={text.reopenText}
            submit={text.reopenSend}
          />
          <Button kind="quiet" disabled={goesOn(name)} onClick={leaveClosed}>
            {text.reopenNot}
          </Button>
        </>
      ) : (
        <div class="step">
          <Button class="wide" onClick={() => setOpen(true)}>
            {text.reopen}
          </Button>
        </div>
      )}
    </>
  );
}
