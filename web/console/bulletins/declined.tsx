import { clock } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { DeclinedBy } from '../parts/second-person.tsx';
import { ChangeList } from './change-list.tsx';
import { type Bulletin, changesBetween, currentVersion, versionAt } from './changes.ts';
import type { Opened } from './saving.ts';
import { text } from './texts.ts';

/** Who has declined it, and what they want changed. */
export function Declined({ declined }: { declined: NonNullable<Bulletin['declined']> }) {
  const { names } = useDesk();
  const { by, at, version, reason } = declined;
  const line = text().declinedBy(names.officer(by), clock(at), version);
  return <DeclinedBy lines={[line]} reason={reason} />;
}

/** What was declined before this version, and what its authors have changed since. */
export function DeclinedBefore({ bulletin, history }: Omit<Opened, 'etag'>) {
  const declined = bulletin.declined_before;
  if (!declined) return null;
  // The record has no words about an end, so only what is new can be shown of them.
  const was = bulletin.pending_words ? null : versionAt(history, declined.version);
  const now = versionAt(history, bulletin.version) ?? currentVersion(bulletin);
  const changes = was && changesBetween(was, now);
  return (
    <section class="declined" aria-labelledby="declined-before">
      <h3 id="declined-before">{text().declinedBefore}</h3>
      <Declined declined={declined} />
      {changes && (
        <p>
          {changes.length > 0
            ? text().changedSince(declined.version, bulletin.version)
            : text().sameAsDeclined(declined.version)}
        </p>
      )}
      {changes && <ChangeList changes={changes} pictures={bulletin.media} />}
    </section>
  );
}
