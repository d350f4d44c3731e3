import { ChangedSince } from '../parts/changed-since.tsx';
import { ChangeList } from './change-list.tsx';
import type { Bulletin, Change } from './changes.ts';
import { text } from './texts.ts';

export interface SinceProps {
  intro: string;
  byItself?: boolean;
  /** From the version that the officer has read to the one that there is now. */
  changes: readonly Change[];
  bulletin: Bulletin;
}

/** What somebody has changed since this officer read the bulletin. */
export function Since({ intro, byItself = false, changes, bulletin }: SinceProps) {
  return (
    <ChangedSince intro={intro} byItself={byItself}>
      {changes.length === 0 ? (
        <p>{text().staleSame}</p>
      ) : (
        <ChangeList changes={changes} pictures={bulletin.media} />
      )}
    </ChangedSince>
  );
}
