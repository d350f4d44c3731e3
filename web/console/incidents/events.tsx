/** Above the queue: open reports that look like one event, to be taken into an incident each. */

import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { span } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { ok, Refusal, useStep } from '../parts/asking.tsx';
import { pathTo } from '../router.ts';
import type { Schemas } from '../types.ts';
import { text } from './texts.ts';

type Event = Schemas['Event'];

export function Events({ onTaken }: { onTaken: () => void }) {
  const t = text();
  const { api } = useDesk();
  const [events, setEvents] = useState<readonly Event[] | null>(null);
  const step = useStep();
  const find = () =>
    step.run(async () => {
      setEvents(null);
      setEvents((await ok(api.GET('/v1/officer/incidents'))).items);
    });
  return (
    <div class="events">
      <p class="row">
        <Button kind="quiet" busy={step.busy} onClick={() => void find()}>
          {t.find}
        </Button>
        <span class="hint" role="status">
          {events && t.found(events.length)}
        </span>
      </p>
      <Refusal failure={step.failure} />
      {events && events.length > 0 && (
        <ol class="report-list">
          {events.map((event) => (
            <EventRow key={event.like} event={event} onTaken={onTaken} />
          ))}
        </ol>
      )}
    </div>
  );
}

function EventRow({ event, onTaken }: { event: Event; onTaken: () => void }) {
  const t = text();
  const { api, names } = useDesk();
  const [incident, setIncident] = useState<Schemas['InIncident'] | null>(null);
  const step = useStep();
  const takeIn = () =>
    step.run(async () => {
      const { like } = event;
      setIncident(await ok(api.POST('/v1/officer/incidents', { body: { like } })));
      onTaken();
    });
  return (
    <li class="report-row">
      <div class="report-row__thumbnail" />
      <div class="report-row__what">
        <a
          class="report-row__link"
          href={pathTo(incident ? `incidents/${incident.id}` : `reports/${event.like}`)}
        >
          {t.event(incident?.count ?? event.count, names.category(event.category))}
        </a>
        <Refusal failure={step.failure} />
      </div>
      <p class="report-row__facts">
        {span(event.first_at, event.last_at)} · {event.districts.map((each) => names.district(each)).join(t.comma)}
      </p>
      <div class="report-row__steps">
        {incident ? (
          t.taken
        ) : (
          <Button busy={step.busy} onClick={() => void takeIn()}>
            {t.take}
          </Button>
        )}
      </div>
    </li>
  );
}
