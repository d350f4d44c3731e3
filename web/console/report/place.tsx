import { useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { clock } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { CityMap } from '../map/city-map.tsx';
import { Copies } from '../map/copies.tsx';
import { DATUM_NAMES, written } from '../map/datums.ts';
import type { Mark } from '../map/shapes.ts';
import type { Position } from '../types.ts';
import { Fact } from '../parts/fact.tsx';
import { aboutText, distance } from './values.ts';
import { useSight } from './messages.tsx';
import type { OfReport } from './open-report.ts';
import { LATER } from './parts-nav.tsx';
import { reportTexts } from './texts.ts';

/** Where it is said to be: on the city's map, and in words for whoever goes there. */
export function Place({ open, report }: OfReport) {
  const t = reportTexts();
  const { names } = useDesk();
  const [near, setNear] = useState(true);
  const { place, location, positions } = report;
  const first = place && { ...place, within: location?.accuracy_m };
  const later = positions.flatMap(markOf);
  const marks = [...(first ? [first] : []), ...later];
  const about = first && aboutText(location?.accuracy_m);
  const district = names.district(report.district);
  const areas = names.areas.value;
  return (
    <section class="card" aria-labelledby="place">
      <h2 id="place">{t.place.title}</h2>
      {marks.length === 0 && <p class="muted">{t.place.none}</p>}
      {about && <p class="place__about">{about}</p>}
      <dl class="facts">
        <Fact name={t.facts.district}>{district}</Fact>
        {/* Only of a place that is known well: the middle of a district says nothing of it. */}
        {report.station !== null && about === null && (
          <Fact name={t.facts.station}>{names.station(report.station)}</Fact>
        )}
        {location?.address !== undefined && (
          <Fact name={t.place.address}>{location.address}</Fact>
        )}
        {place && (
          <Fact name={about ? t.place.middle : t.place.coordinates}>
            <Copies place={place} />
            <span class="hint">
              {[
                location && location.datum !== 'wgs84' && t.place.sent(DATUM_NAMES[location.datum]),
                location?.accuracy_m !== undefined &&
                  !about &&
                  t.place.accuracy(distance(location.accuracy_m)),
              ]
                .filter(Boolean)
                .join(' · ')}
            </span>
          </Fact>
        )}
      </dl>
      {areas && marks.length > 0 && (
        <>
          <CityMap
            areas={areas}
            marks={marks}
            near={near}
            label={about ? t.place.mapAbout(about, district) : t.place.map(district)}
          />
          <p class="row no-print">
            <Button aria-pressed={near} onClick={() => setNear(true)}>
              {t.place.near}
            </Button>
            <Button aria-pressed={!near} onClick={() => setNear(false)}>
              {t.place.whole}
            </Button>
          </p>
        </>
      )}
      {positions.length > 0 && <Positions open={open} report={report} />}
    </section>
  );
}

function markOf({ place, location }: Position): Mark[] {
  return place ? [{ ...place, within: location?.accuracy_m }] : [];
}

function Positions({ open, report }: OfReport) {
  const t = reportTexts();
  const list = useRef<HTMLOListElement>(null);
  const fresh = open.freshPlaces.value;
  useSight(list, open.unsightedPlaces.value, (id) => open.sightPlaces([id]));
  return (
    <>
      <h3 id={LATER}>{t.place.positions}</h3>
      {report.positions_cursor !== null && (
        <Button onClick={() => void open.earlier('positions')}>{t.place.earlier}</Button>
      )}
      <ol class="positions" ref={list}>
        {report.positions.map((position) => (
          <Line key={position.id} position={position} isFresh={fresh.has(position.id)} />
        ))}
      </ol>
    </>
  );
}

function Line({ position, isFresh }: { position: Position; isFresh: boolean }) {
  const t = reportTexts();
  const { names } = useDesk();
  const { at, received_at: received, place, district, heading, speed, location } = position;
  return (
    <li class={isFresh ? 'positions__fresh' : undefined} data-id={position.id}>
      {isFresh && <span class="tag">{t.talk.fresh}</span>}{' '}
      <time dateTime={at ?? received}>{t.place.position(clock(at ?? received))}</time>
      {location?.address !== undefined && ` ${location.address}`}
      {district !== null && ` · ${names.district(district)}`}
      {heading !== null && ` · ${t.place.heading(Math.round(heading))}`}
      {speed !== null && ` · ${t.place.speed(Math.round(speed * 3.6))}`}
      {location?.accuracy_m !== undefined && ` · ${t.place.accuracy(distance(location.accuracy_m))}`}
      {place && (
        <details>
          <summary>
            <code>{written(place)}</code>
          </summary>
          <Copies place={place} />
        </details>
      )}
    </li>
  );
}
