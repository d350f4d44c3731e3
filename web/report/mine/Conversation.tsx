import { useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/Button.tsx';
import { Field } from '../../shared/components/Field.tsx';
import { Status } from '../../shared/components/Status.tsx';
import { language } from '../../shared/language.ts';
import { randomUuid } from '../outbox/uuid.ts';
import { showTime } from '../time.ts';
import {
  earlier,
  earlierCursor,
  loadEarlier,
  type Message,
  type OwnReport,
  refresh,
  writeMessage,
} from './report.ts';
import { mine } from './texts.ts';

/** What officers and the reporter write to each other. */
export function Conversation({ report }: { report: OwnReport }) {
  const text = mine();
  const hasEarlier = earlier.value.length > 0 ? earlierCursor.value : report.messages_cursor;
  const all = [...earlier.value, ...report.messages];
  return (
    <section aria-labelledby="conversation">
      <h2 id="conversation">{text.conversation}</h2>
      {hasEarlier && <Button onClick={() => void loadEarlier()}>{text.earlier}</Button>}
      {all.length === 0 && <p class="muted">{text.noMessages}</p>}
      <ol class="plain messages" aria-live="polite">
        {all.map((message) => (
          <OneMessage key={message.id} message={message} />
        ))}
      </ol>
      <Writer />
    </section>
  );
}

function OneMessage({ message }: { message: Message }) {
  const text = mine();
  return (
    <li class={`message message--${message.from}`}>
      <p class="message__head">
        <strong>{message.from === 'officer' ? text.officer : text.you}</strong>{' '}
        <time dateTime={message.sent_at}>{showTime(message.sent_at, language.value)}</time>
      </p>
      <p class="message__text">{message.altered ? text.altered : message.text}</p>
    </li>
  );
}

function Writer() {
  const text = mine();
  const [typed, setTyped] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [said, setSaid] = useState('');
  // The key of this message: the same until it is sent, so that it is never stored twice.
  const key = useRef(randomUuid());

  const send = async (): Promise<void> => {
    if (!typed.trim()) {
      setError(text.blank);
      return;
    }
    setBusy(true);
    setError(null);
    setSaid('');
    const outcome = await writeMessage(typed.trim(), key.current);
    setBusy(false);
    if (!outcome.done) {
      // It was stored in the words of an earlier attempt: these are new ones.
      if (outcome.code === 'key_reused') key.current = randomUuid();
      setError(outcome.detail || text.failed);
      return;
    }
    key.current = randomUuid();
    setTyped('');
    setSaid(text.sentMessage);
    await refresh();
  };

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void send();
      }}
    >
      <Field id="message" label={text.message} error={error}>
        {(control) => (
          <textarea
            {...control}
            rows={3}
            maxLength={4000}
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        )}
      </Field>
      <Button kind="primary" type="submit" busy={busy}>
        {busy ? text.sending : text.send}
      </Button>
      <Status kind="success">{said}</Status>
    </form>
  );
}
