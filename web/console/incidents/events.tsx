/** Above the queue: open reports that look like one event, to be taken into an incident each. */

import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { useSaid } from '../../shared/language.ts';
import { span } from '../../shared/time.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { pathTo } from '../router.ts';
import type { Schemas } from '../types.ts';
import { text } from './texts.ts';

type Event = Schemas['Event'];

export function Events({ onTaken }: { onTaken: () => void }) {
  const t = text();
  const { api } = useDesk();
  const [events, setEvents] = useState<readonly Event[]>([]);
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useSaid('');
  const find = async () => {
    setBusy(true);
    const outcome = await outcomeOf(api.GET('/v1/officer/incidents'));
    setBusy(false);
    setEvents(outcome.ok ? outcome.data.items : []);
    if (!outcome.ok) return setSaid(outcome.failure.text);
    const { length } = outcome.data.items;
    setSaid(() => text().found(length));
  };
  return (
    <div class="events">
      <p class="row">
        <Button kind="quiet" busy={busy} onClick={() => void find()}>
          {t.find}
        </Button>
        <span class="hint" role="status">
          {said}
        </span>
      </p>
      {events.length > 0 && (
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
  const [said, setSaid] = useSaid('');
  const takeIn = async () => {
    const { like } = event;
    const outcome = await outcomeOf(api.POST('/v1/officer/incidents', { body: { like } }));
    if (!outcome.ok) return setSaid(outcome.failure.text);
    setIncident(outcome.data);
    onTaken();
  };
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
        <Status kind="error">{said}</Status>
      </div>
      <p class="report-row__facts">
        {span(event.first_at, event.last_at)} · {event.districts.map((each) => names.district(each)).join(t.comma)}
      </p>
      <div class="report-row__steps">
        {incident ? t.taken : <Button onClick={() => void takeIn()}>{t.take}</Button>}
      </div>
    </li>
  );
}
