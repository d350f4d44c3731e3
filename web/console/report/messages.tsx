import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

import { Moment } from '../parts/moment.tsx';
import type { Message } from '../types.ts';
import { textKey } from './mask-passage.ts';
import { reportTexts } from './texts.ts';

const NONE: ReadonlySet<string> = new Set();
// So much of a message is in sight when it counts as read, in pixels.
const IN_SIGHT = 40;
const NEAR_THE_END = 60;

interface MessageListProps {
  messages: readonly Message[];
  /** Those that nobody has read, or that came while the report was open: they are marked. */
  fresh?: ReadonlySet<string>;
  /** Called with each of these once it is in sight. */
  unsighted?: ReadonlySet<string>;
  onSight?: (id: string) => void;
}

/** Messages, oldest first. Where the list scrolls by itself, the latest is in sight. */
export function MessageList(props: MessageListProps) {
  const { messages, fresh = NONE, unsighted = NONE, onSight } = props;
  const list = useRef<HTMLOListElement>(null);
  const atEnd = useRef(true);
  const latest = messages.at(-1)?.id;
  useLayoutEffect(() => {
    // Whoever reads further up stays there.
    if (list.current && atEnd.current) list.current.scrollTop = list.current.scrollHeight;
  }, [latest]);
  useSight(list, unsighted, onSight);
  return (
    <ol
      class="messages"
      ref={list}
      tabIndex={0}
      aria-label={reportTexts().talk.messages}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_THE_END;
      }}
    >
      {messages.map((message) => (
        <Line key={message.id} message={message} isFresh={fresh.has(message.id)} />
      ))}
    </ol>
  );
}

/** Say of each line of a list when it comes in sight. What lies behind a dialog is not. */
export function useSight(
  list: { current: HTMLOListElement | null },
  ids: ReadonlySet<string>,
  onSight: ((id: string) => void) | undefined,
): void {
  const latest = useRef(onSight);
  latest.current = onSight;
  useEffect(() => {
    if (ids.size === 0) return undefined;
    const watch = new IntersectionObserver(
      (entries) => {
        if (document.querySelector('dialog[open]')) return;
        for (const { target, intersectionRect, boundingClientRect } of entries) {
          const enough = Math.min(IN_SIGHT, boundingClientRect.height);
          const id = target.getAttribute('data-id');
          if (id !== null && enough > 0 && intersectionRect.height >= enough) latest.current?.(id);
        }
      },
      { threshold: [0, 0.1, 0.25, 0.5, 0.75, 1] },
    );
    for (const line of list.current?.children ?? []) {
      if (ids.has(line.getAttribute('data-id') ?? '')) watch.observe(line);
    }
    return () => watch.disconnect();
  }, [ids, list]);
}

function Line({ message, isFresh }: { message: Message; isFresh: boolean }) {
  const t = reportTexts();
  const { id, from, text, sent_at: at } = message;
  return (
    <li class={`message message--${from}${isFresh ? ' message--fresh' : ''}`} data-id={id}>
      <p class="message__head">
        <strong>{from === 'officer' ? t.talk.officer : t.talk.reporter}</strong> <Moment time={at} />{' '}
        {isFresh && <span class="tag">{t.talk.fresh}</span>}
      </p>
      <p class="message__text" data-text={textKey('message', id)}>
        {text}
      </p>
      {message.altered && <p class="message__altered">{t.talk.altered}</p>}
    </li>
  );
}
