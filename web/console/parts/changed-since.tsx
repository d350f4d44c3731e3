/** What somebody has changed since this officer read it: it is seen before anything is decided. */

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { Check } from '../../shared/components/choices.tsx';
import { colon, texts } from '../../shared/language.ts';
import './marked.css';

export interface ChangedSinceProps {
  /** Says which version there is now. */
  intro: string;
  /** It came by itself: it is read out, and nothing moves under the hand. */
  byItself?: boolean;
  children: ComponentChildren;
}

/** The change. After a step that was refused for it, it takes the focus, in sight. */
export function ChangedSince({ intro, byItself = false, children }: ChangedSinceProps) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (byItself) return;
    box.current?.focus({ preventScroll: true });
    box.current?.scrollIntoView({ block: 'start' });
  }, [intro, byItself]);
  return (
    <div class="refusal" role="alert" tabIndex={-1} ref={box}>
      <p>{intro}</p>
      {children}
    </div>
  );
}

export interface Reread {
  /** Whether a step still waits until the officer says that they have read the change. */
  isDue: boolean;
  /** Where they say so, and that what follows is what they would approve now. */
  box: ComponentChildren;
  /** What stands in place of the step while it is due. */
  reminder: ComponentChildren;
}

/** Let a step wait until a newer version was read. A still newer one is to be read again. */
export function useReread(isNewer: boolean, version: number | string): Reread {
  const [read, setRead] = useState<number | string | null>(null);
  return {
    isDue: isNewer && read !== version,
    box: isNewer && (
      <>
        <Check checked={read === version} onChange={(isRead) => setRead(isRead ? version : null)}>
          {text().haveRead}
        </Check>
        <p>{text().readOn}</p>
      </>
    ),
    reminder: (
      <p>
        <strong>{text().readFirst}</strong>
      </p>
    ),
  };
}

const text = texts({
  en: {
    haveRead: 'I have read what changed',
    readOn: 'Below is what you would approve now.',
    readFirst: 'Read what changed, and say so above: then it can be approved.',
  },
  zh: {
    haveRead: '我已阅读变化之处',
    readOn: '以下是您现在将批准的内容。',
    readFirst: '请先阅读变化之处并在上方确认，然后才能批准。',
  },
});

/** What was added or removed: marked by a character, by a line, and by a colour, and read out. */
export function Marked({ kind, children }: { kind: 'added' | 'removed'; children: ComponentChildren }) {
  const Tag = kind === 'added' ? 'ins' : 'del';
  return (
    <Tag class={`mark mark--${kind}`}>
      <span class="hidden-visually">
        {kinds()[kind]}
        {colon()}
      </span>
      <span class="mark__sign" aria-hidden="true">{kind === 'added' ? '+' : '−'}</span>
      {children}
    </Tag>
  );
}

const kinds = texts({
  en: { added: 'Added', removed: 'Removed' },
  zh: { added: '新增', removed: '删除' },
});
