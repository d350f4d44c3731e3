/** Reports that are one row of the queue, as a page: what they are together, and the list of them. */

import type { ComponentChildren } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';

import { useDesk } from '../desk.ts';
import { useLoaded, Waiting } from '../parts/asking.tsx';
import { Back } from '../parts/back.tsx';
import { ReportList, type Within } from '../queue/list.ts';
import { LiveList } from '../queue/page.tsx';
import { queueTexts } from '../queue/texts.ts';

interface GroupProps<Found> {
  id: string;
  within: Within;
  title: string;
  /** The title as soon as it is known what was found. */
  titled?: (found: Found) => string;
  /** What is said when no report of it is in the scope any more. */
  gone: string;
  read: () => Promise<Found>;
  /** Whether the list is shown below, and not by the children. */
  listed?: boolean;
  children: (found: Found, again: () => Promise<void>, list: ReportList) => ComponentChildren;
}

export function Group<Found>(props: GroupProps<Found>) {
  const { id, within, title, titled, gone, read, listed = true, children } = props;
  const { api, me, walk } = useDesk();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the id says which list it is.
  const list = useMemo(() => new ReportList(api, me.username, within), [api, me, id]);
  const { loaded, again } = useLoaded(read, id);
  const from = `${Object.keys(within)}s/${id}`;
  useEffect(() => {
    walk.value = { from, ids: () => list.rows.value?.map((row) => row.id) ?? [], list };
  }, [walk, from, list]);
  const isGone = loaded.state === 'failed' && loaded.failure.status === 404;
  return (
    <>
      <Back to="">{queueTexts().title}</Back>
      <h1>{(loaded.value && titled?.(loaded.value)) ?? title}</h1>
      {isGone && <p>{gone}</p>}
      {!isGone && (
        <Waiting loaded={loaded} again={again}>
          {(found) => (
            <>
              {children(found, again, list)}
              {listed && <LiveList list={list} />}
            </>
          )}
        </Waiting>
      )}
    </>
  );
}
