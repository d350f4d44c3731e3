/** All reports of a burst are closed as one: one officer asks for it, and another approves. */

import { useEffect, useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Check } from '../../shared/components/choices.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { Status } from '../../shared/components/status.tsx';
import { sentences, useSaid } from '../../shared/language.ts';
import { clock } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { grouped } from '../numbers.ts';
import { ok, Refusal, useStep } from '../parts/asking.tsx';
import { ChangedSince, useReread } from '../parts/changed-since.tsx';
import { SecondPerson } from '../parts/second-person.tsx';
import type { OpenBurst } from '../types.ts';
import { words } from '../words.ts';
import { closeAll } from './close-all.ts';
import { numberOf, text } from './texts.ts';

type Ending = NonNullable<OpenBurst['ending']>;
const DISPOSITIONS: readonly Ending['disposition'][] = ['unfounded', 'malicious'];

interface OfBurst {
  burst: OpenBurst;
  again: () => Promise<void>;
}

interface ClosingProps extends OfBurst {
  /** Whether reports are being closed now. */
  onClosing: (isClosing: boolean) => void;
}

export function Closing({ burst, again, onClosing }: ClosingProps) {
  const { ending } = burst;
  const [isAsking, setAsking] = useState(false);
  const close = () => setAsking(false);
  const waits = ending !== null && ending.approved_by === null;
  return (
    <section class="card" aria-labelledby="closing">
      <h2 id="closing">{text().closing}</h2>
      <Asked burst={burst} again={again} onClosing={onClosing} />
      {!waits && burst.count > 0 && (
        <Button kind="danger" onClick={() => setAsking(true)}>
          {text().closeAll(numberOf(burst))}
        </Button>
      )}
      <Dialog open={isAsking} title={text().closing} onClose={close}>
        <Ask burst={burst} again={again} onClose={close} />
      </Dialog>
    </section>
  );
}

/** How all are to be closed: each answer is the last press of it. */
function Ask({ burst, again, onClose }: OfBurst & { onClose: () => void }) {
  const { api } = useDesk();
  const step = useStep();
  const [withUnread, setWithUnread] = useState(false);
  const ask = async (disposition: Ending['disposition']) => {
    const params = { path: { burst_id: burst.id } };
    const body = { disposition, with_unread: withUnread };
    const isAsked = await step.run(
      async () => void (await ok(api.POST('/v1/officer/bursts/{burst_id}/ending', { params, body }))),
    );
    // When a colleague was faster, the page shows what they have asked for.
    await again();
    if (!isAsked) return;
    onClose();
  };
  return (
    <>
      <p>{text().ask(numberOf(burst))}</p>
      <p>{text().stays}</p>
      <Check checked={withUnread} onChange={setWithUnread}>
        {text().unread}
      </Check>
      <Refusal failure={step.failure} />
      <div class="row">
        {DISPOSITIONS.map((code) => (
          <Button key={code} kind="danger" busy={step.busy} onClick={() => ask(code)}>
            {text().closeAs(words().disposition[code])}
          </Button>
        ))}
        <Button onClick={onClose}>{text().cancel}</Button>
      </div>
    </>
  );
}

interface Progress {
  /** Of what was asked for, of which this is the progress. */
  tag: string;
  closed: number;
  of: Pick<OpenBurst, 'count' | 'is_exact'>;
  isComplete: boolean;
}

/** What was asked for, and what this officer can do with it. */
function Asked({ burst, again, onClosing }: ClosingProps) {
  const { api, me, names } = useDesk();
  const { ending } = burst;
  const step = useStep();
  const [last, setProgress] = useState<Progress | null>(null);
  const progress = last?.tag === ending?.tag ? last : null;
  const [stuck, setStuck] = useSaid('');
  const read = useRead(ending);
  const isMine = ending?.by === me.username;
  const isNewer = read !== null && ending !== null && read.tag !== ending.tag && !isMine;
  const reread = useReread(isNewer, ending?.tag ?? '');
  useMark(() => {
    if (!step.busy) void again();
  });
  const people = [ending?.by, ending?.approved_by].filter((one) => typeof one === 'string');
  // biome-ignore lint/correctness/useExhaustiveDependencies: the names are what it depends on.
  useEffect(() => void names.meet(people), [names, people.join()]);
  const path = { burst_id: burst.id };
  const approve = async () => {
    if (ending === null) return;
    const { tag } = ending;
    const begun = progress ?? { tag, closed: 0, of: burst, isComplete: false };
    onClosing(true);
    await step.run(
      async () => {
        setStuck('');
        const params = { path, header: { 'If-Match': tag } };
        const isComplete = await closeAll(
          () => ok(api.POST('/v1/officer/bursts/{burst_id}/ending/approve', { params })),
          (ended, isComplete) =>
            setProgress({ ...begun, closed: begun.closed + ended, isComplete }),
        );
        await again();
        if (!isComplete) setStuck(() => text().stuck);
      },
      async ({ status }) => {
        await again();
        // The page shows what it was replaced by.
        return status === 412;
      },
    );
    onClosing(false);
  };
  const end = () =>
    step.run(
      async () => {
        await ok(api.DELETE('/v1/officer/bursts/{burst_id}/ending', { params: { path } }));
        await again();
      },
      // A colleague may have approved it meanwhile.
      async () => {
        await again();
        return false;
      },
    );
  const inWords = (found: Ending, say: ReturnType<typeof text>['asked']) =>
    say(names.officer(found.by), clock(found.at), words().disposition[found.disposition]);
  return (
    <>
      {isNewer && <ChangedSince intro={inWords(read, text().changed)}>{reread.box}</ChangedSince>}
      {ending && (
        <p>
          {sentences(
            inWords(ending, text().asked),
            ending.with_unread ? text().withUnread : text().withoutUnread,
            ending.approved_by ? text().approved(names.officer(ending.approved_by)) : '',
            isMine && !ending.approved_by ? text().own : '',
          )}
        </p>
      )}
      <Status kind={progress?.isComplete ? 'success' : 'info'}>
        {progress && progressText(progress, burst)}
      </Status>
      <Status kind="warning">{stuck}</Status>
      <Refusal failure={step.failure} />
      {ending?.approved_by === null && (
        <SecondPerson
          isMine={isMine}
          hint={text().hint}
          approve={{ label: text().approve, act: approve }}
          end={{ label: isMine ? text().takeBack : text().decline, act: end }}
          reread={reread}
          busy={step.busy}
        />
      )}
      {ending?.approved_by && burst.count > 0 && !progress?.isComplete && (
        <p>
          <Button busy={step.busy} onClick={approve}>
            {text().goOn}
          </Button>
        </p>
      )}
    </>
  );
}

function progressText({ closed, of, isComplete }: Progress, { count }: OpenBurst): string {
  if (!isComplete) return text().progress(grouped(closed), numberOf(of));
  return sentences(text().done(grouped(closed)), count > 0 ? text().left : '');
}

/** Return the request that this officer was shown first: one that replaces it is read anew. */
function useRead(ending: Ending | null): Ending | null {
  const read = useRef(ending);
  if (ending === null || read.current === null) read.current = ending;
  return read.current;
}

/** Do something whenever anything in the scope has changed. */
function useMark(act: () => void): void {
  const { pulse } = useDesk();
  const mark = pulse.pulse.value?.mark;
  const before = useRef(mark);
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (mark === before.current) return;
    const isFirst = before.current === undefined;
    before.current = mark;
    if (!isFirst) latest.current();
  }, [mark]);
}
