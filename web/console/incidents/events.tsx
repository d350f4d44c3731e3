/** Above the queue: open reports that look like one event, to be taken into an incident each. */

import { Button } from '../../shared/components/button.tsx';
import { span } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { ok, Refusal, useStep } from '../parts/asking.tsx';
import { now } from '../parts/moment.tsx';
import type { FoundEvent } from '../queue/list.ts';
import { Row } from '../queue/row.tsx';
import { pathTo } from '../router.ts';
import { wordFor, words } from '../words.ts';
import { text } from './texts.ts';

export function Events({ onTaken }: { onTaken: () => void }) {
  const t = text();
  const { api, list } = useDesk();
  // They stay while one of their reports is opened.
  const events = list.events.value;
  const step = useStep();
  const find = () =>
    step.run(async () => {
      list.events.value = null;
      list.events.value = (await ok(api.GET('/v1/officer/incidents'))).items;
    });
  return (
    <div class="events">
      <p class="row">
        <Button kind="quiet" onClick={find}>
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

function EventRow({ event, onTaken }: { event: FoundEvent; onTaken: () => void }) {
  const t = text();
  const { api, list, names } = useDesk();
  const { taken } = event;
  const step = useStep();
  const takeIn = () =>
    step.run(async () => {
      const { like } = event;
      const made = await ok(api.POST('/v1/officer/incidents', { body: { like } }));
      list.events.value =
        list.events.value?.map((each) => (each.like === like ? { ...each, taken: made } : each)) ?? null;
      onTaken();
    });
  const categories = event.categories.map((each) => names.category(each));
  const title = t.event(taken?.count ?? event.count, categories);
  return (
    <li class="report-row events__event">
      <div class="report-row__thumbnail" />
      <div class="report-row__what">
        {taken ? (
          <a class="report-row__link" href={pathTo(`incidents/${taken.id}`)}>
            {title}
          </a>
        ) : (
          <strong>{title}</strong>
        )}
        <Refusal failure={step.failure} />
      </div>
      <p class="report-row__facts">
        {span(event.first_at, event.last_at)} · {event.districts.map((each) => names.district(each)).join(t.comma)}
      </p>
      <div class="report-row__steps">
        {taken ? t.taken : <Button onClick={takeIn}>{t.take}</Button>}
      </div>
      {!taken && (
        <div class="report-row__below">
          <ol class="report-list">
            {event.items.map((each) => (
              <Row key={each.id} row={each} now={now.value}>
                <span class="hint">
                  {each.why.length > 0
                    ? each.why.map((code) => wordFor(words().why, code)).join(' · ')
                    : t.first}
                </span>
              </Row>
            ))}
          </ol>
          {event.count > event.items.length && (
            <p class="hint">{t.andMore(event.count - event.items.length)}</p>
          )}
        </div>
      )}
    </li>
  );
}
