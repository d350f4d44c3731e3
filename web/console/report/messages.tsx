import { useLayoutEffect, useRef } from 'preact/hooks';

import { ago, clock } from '../moments.ts';
import { now } from '../now.ts';
import type { Message } from '../types.ts';
import { reportTexts } from './texts.ts';

/** Messages, oldest first. Where the list scrolls by itself, the latest is in sight. */
export function MessageList({ messages }: { messages: readonly Message[] }) {
  const list = useRef<HTMLOListElement>(null);
  const latest = messages.at(-1)?.id;
  useLayoutEffect(() => {
    if (list.current) list.current.scrollTop = list.current.scrollHeight;
  }, [latest]);
  return (
    <ol class="messages" ref={list} tabIndex={0} aria-label={reportTexts().talk.messages}>
      {messages.map((message) => (
        <Line key={message.id} message={message} />
      ))}
    </ol>
  );
}

function Line({ message }: { message: Message }) {
  const t = reportTexts();
  const { from, text, sent_at: at } = message;
  return (
    <li class={`message message--${from}`}>
      <p class="message__head">
        <strong>{from === 'officer' ? t.talk.officer : t.talk.reporter}</strong>{' '}
        <time dateTime={at} title={clock(at)}>
          {ago(at, now.value)}
        </time>
      </p>
      <p class="message__text">{text}</p>
      {message.altered && <p class="message__altered">{t.talk.altered}</p>}
    </li>
  );
}
