import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { parted, useSaid } from '../../shared/language.ts';
import { clock } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { ok, Refusal, useLoaded, useStep, Waiting } from '../parts/asking.tsx';
import type { Schemas } from '../types.ts';
import { wordFor } from '../words.ts';
import { destinationTexts } from './destination-texts.ts';

type Delivery = Schemas['Delivery'];

/** What went to a destination in 30 days, the latest first, a page at a time. */
export function Deliveries({ name }: { name: string }) {
  const { api } = useDesk();
  const [cursor, setCursor] = useState<string | null>(null);
  const path = { name };
  const { loaded, again } = useLoaded(() => {
    const query = cursor === null ? {} : { cursor };
    return ok(api.GET('/v1/admin/destinations/{name}/deliveries', { params: { path, query } }));
  }, `${name} ${cursor}`);
  const [done, setDone] = useSaid<string | null>(null);
  const step = useStep();
  const sendAgain = () =>
    step.run(async () => {
      const params = { path };
      const { count, more } = await ok(
        api.POST('/v1/admin/destinations/{name}/redeliver', { params, body: {} }),
      );
      setDone(t.sentAgain(count, more));
      await again();
    });
  const t = destinationTexts();
  return (
    <section aria-labelledby="deliveries">
      <h3 id="deliveries">{t.deliveries}</h3>
      <Status kind="success">{done}</Status>
      <Refusal failure={step.failure} />
      <Waiting loaded={loaded} again={again}>
        {({ items, next_cursor: next }) => (
          <>
            {items.length === 0 && <p class="muted">{t.nothingSent}</p>}
            {items.length > 0 && (
              <ul class="rows">
                {items.map((each) => (
                  <li class="rows__one" key={each.event.id}>
                    <Sent delivery={each} />
                  </li>
                ))}
              </ul>
            )}
            <div class="row">
              {items.some(({ state }) => state === 'dead') && (
                <Button onClick={sendAgain}>{t.sendAgain}</Button>
              )}
              {cursor !== null && <Button onClick={() => setCursor(null)}>{t.latest}</Button>}
              {next !== null && <Button onClick={() => setCursor(next)}>{t.earlier}</Button>}
            </div>
          </>
        )}
      </Waiting>
    </section>
  );
}

function Sent({ delivery: { event, state, attempts, answer, tried_at: at } }: { delivery: Delivery }) {
  const t = destinationTexts();
  return (
    <>
      <span>{parted([wordFor(t.kindNames, event.data.kind), clock(event.time)])}</span>
      <p class="rows__facts">
        <span class={state === 'delivered' ? 'state state--good' : 'state state--waiting'}>
          {wordFor(t.states, state)}
        </span>
        {at && <span>{t.tried(attempts, clock(at))}</span>}
        {answer && <code>{answer}</code>}
        <code>{event.id}</code>
      </p>
    </>
  );
}
