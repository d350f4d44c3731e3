/** A burst: what it is, its reports, and the one step that closes them all. */

import { useEffect, useMemo, useState } from 'preact/hooks';

import { useDesk } from '../desk.ts';
import { ok, useLoaded, Waiting } from '../parts/asking.tsx';
import { Back } from '../parts/back.tsx';
import { Facts } from '../parts/fact.tsx';
import { ReportList } from '../queue/list.ts';
import { LiveList } from '../queue/page.tsx';
import { queueTexts } from '../queue/texts.ts';
import { Closing } from './closing.tsx';
import { hourOf } from './row.tsx';
import { numberOf, text } from './texts.ts';

export function BurstPage({ id }: { id: string }) {
  const { api, list: queue, me, names } = useDesk();
  const list = useMemo(() => new ReportList(api, me.username, id), [api, me, id]);
  const { loaded, again } = useLoaded(
    () => ok(api.GET('/v1/officer/bursts/{burst_id}', { params: { path: { burst_id: id } } })),
    id,
  );
  const [isClosing, setClosing] = useState(false);
  useEffect(() => {
    queue.lastOpened = id;
  }, [queue, id]);
  const isGone = loaded.state === 'failed' && loaded.failure.status === 404;
  return (
    <>
      <Back to="">{queueTexts().title}</Back>
      <h1>{text().title(names.category(id.split('.', 1)[0] ?? ''))}</h1>
      {isGone && <p>{text().gone}</p>}
      {!isGone && (
        <Waiting loaded={loaded} again={again}>
          {(burst) => (
            <>
              <p>{text().what}</p>
              <Facts
                rows={[
                  [text().hour, hourOf(burst)],
                  [text().count, numberOf(burst)],
                ]}
              />
              <Closing burst={burst} again={again} onClosing={setClosing} />
              {/* It would say of each part that the list has changed. */}
              {!isClosing && <LiveList list={list} />}
            </>
          )}
        </Waiting>
      )}
    </>
  );
}
