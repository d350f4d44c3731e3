/** An incident: reports that officers take to be of one event, with their number, time and places. */

import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { useDesk } from '../desk.ts';
import { Group } from '../bursts/group.tsx';
import { labelled } from '../../shared/language.ts';
import { CityMap } from '../map/city-map.tsx';
import { byDistrict } from '../map/shapes.ts';
import { span } from '../../shared/time.ts';
import { ok } from '../parts/asking.tsx';
import { Facts } from '../parts/fact.tsx';
import { grouped } from '../numbers.ts';
import { text } from './texts.ts';
import { Work } from './work.tsx';

export function IncidentPage({ id }: { id: string }) {
  const { api, names } = useDesk();
  const t = text();
  const [isMapped, setMapped] = useState(false);
  const params = { path: { incident_id: id }, query: { limit: 1 } };
  return (
    <Group
      id={id}
      within={{ incident: id }}
      title={t.title}
      gone={t.gone}
      read={() => ok(api.GET('/v1/officer/incidents/{incident_id}', { params }))}
      listed={false}
    >
      {(incident, again, list) => (
        <>
          <Facts
            rows={[
              [t.count, grouped(incident.count)],
              [t.received, span(incident.first_at, incident.last_at)],
              [
                t.places,
                incident.districts
                  .map(({ district, count }) => labelled(names.district(district), grouped(count)))
                  .join(t.comma),
              ],
            ]}
          />
          <p>
            <Button aria-pressed={isMapped} onClick={() => setMapped(!isMapped)}>
              {t.map}
            </Button>
          </p>
          {isMapped && names.areas.value && (
            <CityMap areas={names.areas.value} label={t.label} {...byDistrict(incident.districts)} />
          )}
          <Work incident={incident} again={again} list={list} />
        </>
      )}
    </Group>
  );
}
