import { ChangedSince } from '../parts/changed-since.tsx';
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

/** What somebody has changed since this officer read the bulletin. */
export function Since({ intro, read, now, bulletin }: SinceProps) {
  const changes = changesBetween(read, now);
  return (
    <ChangedSince intro={intro}>
      {changes.length === 0 ? (
        <p>{text().staleSame}</p>
      ) : (
        <ChangeList changes={changes} pictures={bulletin.media} />
      )}
    </ChangedSince>
  );
}
