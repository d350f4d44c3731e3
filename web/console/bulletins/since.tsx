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
    <div class="refusal" role="alert">
      <p>{intro}</p>
      {changes.length === 0 ? (
        <p>{text().staleSame}</p>
      ) : (
        <ChangeList changes={changes} pictureNumber={numbering(bulletin)} />
      )}
    </div>
  );
}

/** Return what numbers the pictures of a bulletin, in the order in which they were added. */
export function numbering(bulletin: Bulletin): (id: string) => number {
  const ids = bulletin.media.map((picture) => picture.media_id);
  return (id) => ids.indexOf(id) + 1;
}
