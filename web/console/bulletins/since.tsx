import { useEffect, useRef } from 'preact/hooks';
import { ChangeList } from './change-list.tsx';
import { type Bulletin, changesBetween, type Version } from './changes.ts';
import { text } from './texts.ts';

export interface SinceProps {
  intro: string;
  /** The version that the officer has read, and the one that there is now. */
  read: Version;
  now: Version;
  bulletin: Bulletin;
}

/** What somebody has changed since this officer read the bulletin. It takes the focus, in sight. */
export function Since({ intro, read, now, bulletin }: SinceProps) {
  const changes = changesBetween(read, now);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    box.current?.focus({ preventScroll: true });
    box.current?.scrollIntoView({ block: 'start' });
  }, [intro]);
  return (
    <div class="refusal" role="alert" tabIndex={-1} ref={box}>
      <p>{intro}</p>
      {changes.length === 0 ? (
        <p>{text().staleSame}</p>
      ) : (
        <ChangeList changes={changes} pictures={bulletin.media} />
      )}
    </div>
  );
}
