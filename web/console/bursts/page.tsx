/** A burst: what it is, its reports, and the one step that closes them all. */

import { useEffect, useState } from 'preact/hooks';

import { useDesk } from '../desk.ts';
import { ok } from '../parts/asking.tsx';
import { Facts } from '../parts/fact.tsx';
import { Closing } from './closing.tsx';
import { Group } from './group.tsx';
import { hourOf } from './row.tsx';
import { numberOf, text } from './texts.ts';

export function BurstPage({ id }: { id: string }) {
  const { api, list: queue, names } = useDesk();
  const [isClosing, setClosing] = useState(false);
  useEffect(() => {
    queue.lastOpened = id;
  }, [queue, id]);
  const params = { path: { burst_id: id } };
  return (
    <Group
      id={id}
      within={{ burst: id }}
      title={text().title(names.category(id.split('.', 1)[0] ?? ''))}
      gone={text().gone}
      read={() => ok(api.GET('/v1/officer/bursts/{burst_id}', { params }))}
      listed={!isClosing}
    >
      {(burst, again) => (
        <>
          <p>{text().what}</p>
          <Facts
            rows={[
              [text().hour, hourOf(burst)],
              [text().count, numberOf(burst)],
            ]}
          />
          <Closing burst={burst} again={again} onClosing={setClosing} />
        </>
      )}
    </Group>
  );
}
