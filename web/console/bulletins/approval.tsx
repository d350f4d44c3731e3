import { useState } from 'preact/hooks';
import { Button } from '../../shared/components/button.tsx';
import { gap, sentences } from '../../shared/language.ts';
import { clock } from '../../shared/time.ts';
import type { Failure } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { ok } from '../parts/asking.tsx';
import { useReread } from '../parts/changed-since.tsx';
import { SecondPerson } from '../parts/second-person.tsx';
import { ChangeList, Since } from './change-list.tsx';
import {
  type Bulletin,
  changesBetween,
  changesSince,
  forApproval,
  without,
} from './changes.ts';
import { type Opened, unready } from './saving.ts';
import { Declined, DeclinedBefore } from './declined.tsx';
import { endIfApproved } from './end.ts';
import { text } from './texts.ts';

export interface ApprovalProps {
  opened: Opened;
  /** What this officer was shown first: whatever differs from it is to be read before a step. */
  shown: Bulletin;
  again: () => Promise<void>;
  onDone: (message: string) => void;
}

/**
 * What awaits approval, as it differs from what residents see. The version that was read is the one
 * that is approved: when there is a newer one, nothing is, and first it says what has changed.
 */
export function Approval({ opened, shown, again, onDone }: ApprovalProps) {
  const { api, me } = useDesk();
  const { bulletin, history, etag } = opened;
  // The version that the officer has read, when a step on it was refused as an old one.
  const [stale, setStale] = useState<Bulletin | null>(null);
  const read = stale ?? shown;
  const changes = changesSince(read, bulletin, history);
  const isNewer =
    read.version !== bulletin.version &&
    (stale !== null || changes.length > 0) &&
    bulletin.steps.some((step) => step === 'approve' || step === 'decline');
  const reread = useReread(isNewer, bulletin.version);
  const words = bulletin.pending_words;
  // The words of an end have no pictures.
  const waiting = words ? [] : unready(bulletin);
  const { declined } = bulletin;
  if (!words && !bulletin.pending && !declined) return null;

  const finish = (message: string) => {
    setStale(null);
    onDone(message);
  };
  const showNewer = async ({ status }: Failure) => {
    if (status !== 412) return false;
    setStale(bulletin);
    await again();
    return true;
  };
  const path = { bulletin_id: bulletin.id };
  const approve = async () => {
    const approved = await ok(
      api.POST('/v1/officer/bulletins/{bulletin_id}/approve', {
        params: {
          path,
          header: { 'If-Match': etag },
          ...(waiting.length > 0 && { query: { without_waiting: true } }),
        },
      }),
    );
    finish(approved.state === 'published' ? text().approved : text().wordsApproved);
  };
  const decline = async (reason: string) => {
    const params = { path, header: { 'If-Match': etag } };
    await ok(api.POST('/v1/officer/bulletins/{bulletin_id}/decline', { params, body: { reason } }));
    finish(text().declineDone);
  };

  const isAuthor = bulletin.authors.includes(me.username);
  return (
    <section class="card" aria-labelledby="approval">
      <h2 id="approval">
        {declined ? text().declined : words ? text().pendingWords : text().approval}
      </h2>
      {declined && (
        <>
          <Declined declined={declined} />
          <p>{text().writeAnew}</p>
        </>
      )}
      <DeclinedBefore bulletin={bulletin} history={history} />
      {isNewer && (
        <Since
          intro={text().stale(bulletin.version)}
          byItself={stale === null}
          changes={changes}
          bulletin={bulletin}
        />
      )}
      {reread.box}
      {words ? <Words words={words} /> : <Content bulletin={bulletin} history={history} />}
      {!words && bulletin.pending && (
        <p>{text().standsUntil(clock(endIfApproved(bulletin, Date.now())))}</p>
      )}
      {waiting.length > 0 && (
        <p>
          {sentences(
            text().notReady(waiting.length),
            waiting.some(({ delayed }) => delayed) ? text().delayed : '',
          )}
          {gap()}
          <Button kind="quiet" onClick={() => void again()}>
            {text().lookAgain}
          </Button>
        </p>
      )}
      {isAuthor && !declined && (
        <p>
          <strong>{bulletin.authors.length > 1 ? text().wrotePart : text().wroteIt}</strong>
        </p>
      )}
      <SecondPerson
        isMine={isAuthor}
        approve={
          bulletin.steps.includes('approve') && hasMore(opened, waiting)
            ? {
                label: approveLabel(bulletin, waiting.length),
                act: approve,
                deal: async (failure) => {
                  // Somebody has approved or declined it: the page shows that beside why it was refused.
                  if (failure.code === 'illegal_transition') await again();
                  return await showNewer(failure);
                },
              }
            : null
        }
        end={
          bulletin.steps.includes('decline')
            ? {
                label: text().decline,
                reason: {
                  intro: text().declineWhat,
                  label: text().declineWhy,
                  submitLabel: text().declineNow,
                  send: decline,
                },
                deal: showNewer,
                below: true,
              }
            : null
        }
        reread={reread}
      />
    </section>
  );
}

function approveLabel({ pending_words: words, version }: Bulletin, waiting: number): string {
  if (words) return text().approveWords;
  return waiting > 0 ? text().approveWithout(version, waiting) : text().approve(version);
}

/** Return whether there is anything to approve besides pictures that wait. */
function hasMore({ bulletin, history }: Opened, waiting: Bulletin['media']): boolean {
  const { before, after } = forApproval(bulletin, history);
  const rest = without(after, waiting.map(({ media_id: id }) => id));
  return waiting.length === 0 || before === null || changesBetween(before, rest).length > 0;
}

function Content({ bulletin, history }: Omit<Opened, 'etag'>) {
  const { before, after } = forApproval(bulletin, history);
  const changes = changesBetween(before, after);
  return (
    <>
      <p>
        {sentences(
          text().approvalOf(bulletin.version),
          before === null
            ? text().allNew
            : text().comparedWith(bulletin.published_version ?? bulletin.version),
        )}
      </p>
      {changes.length === 0 && <p>{text().noChanges}</p>}
      <ChangeList changes={changes} pictures={bulletin.media} isNew={before === null} />
    </>
  );
}

function Words({ words }: { words: Record<string, string> }) {
  return (
    <>
      <p>{text().wordsWhere}</p>
      {Object.entries(words).map(([language, said]) => (
        <blockquote key={language} class="words" lang={language === 'zh' ? 'zh-CN' : language}>
          {said}
        </blockquote>
      ))}
    </>
  );
}
