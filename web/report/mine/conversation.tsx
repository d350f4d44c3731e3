import { Button } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { language } from '../../shared/language.ts';
import { showTime } from '../../shared/time.ts';
import { useLatest } from './latest.ts';
import {
  earlier,
  earlierCursor,
  loadEarlier,
  type Message,
  type OwnReport,
} from './report.ts';
import { TextForm } from './text-form.tsx';
import { mine } from './texts.ts';
import { unsentTexts, Waiting } from './waiting.tsx';

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
    <li class={`message message--${message.from}`}>
      <p class="message__head">
        <strong>{message.from === 'officer' ? text.officer : text.you}</strong>{' '}
        <time dateTime={message.sent_at}>{showTime(message.sent_at, language.value)}</time>
      </p>
      <p class="message__text">{message.altered ? text.altered : message.text}</p>
    </li>
  );
}
