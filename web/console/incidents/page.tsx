/** An incident: reports that officers take to be of one event, with their number, time and places. */

import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { useDesk } from '../desk.ts';
import { Group } from '../bursts/group.tsx';
import { Icon } from '../frame/icon.tsx';
import { labelled } from '../../shared/language.ts';
import { CityMap } from '../map/city-map.tsx';
import { byDistrict } from '../map/shapes.ts';
import { clock, span } from '../../shared/time.ts';
import { ok } from '../parts/asking.tsx';
import { Facts } from '../parts/fact.tsx';
import { grouped } from '../numbers.ts';
import { Help, keysOfRows, useKey } from '../queue/shortcuts.tsx';
import { queueTexts } from '../queue/texts.ts';
import { text } from './texts.ts';
import { Work } from './work.tsx';

export function IncidentPage({ id }: { id: string }) {
  const { api, names } = useDesk();
  const t = text();
  const [isMapped, setMapped] = useState(false);
  const [help, setHelp] = useState(false);
  useKey((key) => {
    if (key === '?') setHelp(true);
    return key === '?';
  });
  const params = { path: { incident_id: id }, query: { limit: 1 } };
  return (
    <Group
      id={id}
      within={{ incident: id }}
      title={t.title}
      titled={({ first_at: first }) => t.titled(clock(first))}
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
          <p class="row">
            <Button aria-pressed={isMapped} onClick={() => setMapped(!isMapped)}>
              {t.map}
            </Button>
            <Button kind="quiet" class="queue-head__keys" onClick={() => setHelp(true)}>
              <Icon name="keyboard" />
              {queueTexts().keys}
            </Button>
          </p>
          {isMapped && names.areas.value && (
            <CityMap areas={names.areas.value} label={t.label} {...byDistrict(incident.districts)} />
          )}
          <Work incident={incident} again={again} list={list} />
          <KeysHelp open={help} onClose={() => setHelp(false)} />
        </>
      )}
    </Group>
  );
}

/** The keys of the page: those of its list, and what is done with its reports. */
function KeysHelp(props: { open: boolean; onClose: () => void }) {
  const { help } = queueTexts();
  const { keysOf } = text();
  return (
    <Help
      {...props}
      keys={[
        ...keysOfRows(keysOf.enter, keysOf.choose),
        ...Object.entries(keysOf.work),
        ['?', help.question],
      ]}
    />
  );
}
