import { useEffect } from 'preact/hooks';

import { AreaOptions } from '../../shared/components/choices.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Field } from '../../shared/components/field.tsx';
import { Status } from '../../shared/components/status.tsx';
import { language } from '../../shared/language.ts';
import {
  type Box,
  boxOf,
  contains,
  type Feature,
  innerPoint,
  mapHeight,
  onMap,
  outline,
  reach,
  shortLabel,
} from '../../shared/area.ts';
import { placed } from '../../shared/labels.ts';
import { areas, loadAreas } from '../position.ts';
import { online } from '../service.ts';
import { frame } from '../texts.ts';
import { change, form } from './state.ts';
import { write } from './texts.ts';

const WIDTH = 400;
// That of `.map__name`.
const SIZE = 15;

/** A district, or the area of a police station, from a list or a map. */
export function AreaChooser() {
  const text = write();
  useEffect(() => void loadAreas(), [language.value]);
  useEffect(() => {
    if (online.value && areas.value.state === 'failed') void loadAreas();
  }, [online.value]);
  const loaded = areas.value;
  useEffect(() => {
    // Its name follows the language of the page.
    const { place } = form.value;
    if (loaded.state !== 'ready' || place.kind !== 'area') return;
    const chosen = loaded.areas.find(({ properties }) => properties.code === place.code);
    if (chosen && chosen.properties.label !== place.label) choose(chosen);
  }, [loaded]);
  if (loaded.state === 'loading') return <Status>{<p>{frame().loading}</p>}</Status>;
  if (loaded.state === 'failed') {
    return (
      <Status kind="error">
        <p>{text.areasFailed}</p>
        <Button onClick={() => void loadAreas()}>{frame().again}</Button>
      </Status>
    );
  }
  const code = form.value.place.kind === 'area' ? form.value.place.code : '';
  const districts = loaded.areas.filter(({ properties }) => properties.kind === 'district');
  const stations = loaded.areas.filter(({ properties }) => properties.kind === 'station');
  const chosen = loaded.areas.find(({ properties }) => properties.code === code);
  return (
    <>
      <Field id="field-area" label={text.areaLabel}>
        {(control) => (
          <select
            {...control}
            value={code}
            onChange={(event) => {
              const named = event.currentTarget.value;
              choose(loaded.areas.find(({ properties }) => properties.code === named));
            }}
          >
            <option value="">{text.areaNone}</option>
            <AreaOptions label={text.districts} areas={districts} />
            <AreaOptions label={text.stations} areas={stations} />
          </select>
        )}
      </Field>
      <AreaMap districts={districts} stations={stations} chosen={chosen} />
    </>
  );
}

interface AreaMapProps {
  districts: readonly Feature[];
  stations: readonly Feature[];
  chosen: Feature | undefined;
}

/**
 * The districts, or one district with its stations when one of them is chosen. It is for the finger:
 * whoever cannot see or touch it has the list.
 */
function AreaMap({ districts, stations, chosen }: AreaMapProps) {
  const text = write();
  const near = chosen && districtOf(chosen, districts);
  const inside = near ? stations.filter((station) => contains(near, innerPoint(station))) : [];
  const close = inside.length > 0 && near ? [near, ...inside] : districts;
  const box = boxOf(inside.length > 0 && near ? [near] : districts);
  return (
    <div class="map">
      <svg
        class="map__plane"
        viewBox={`-2 -2 ${WIDTH + 4} ${mapHeight(box, WIDTH) + 4}`}
        aria-hidden="true"
      >
        {close.map((area) => (
          <path
            key={area.properties.code}
            class={classOf(area, chosen, inside.length > 0 ? near : undefined)}
            d={outline(area, box, WIDTH)}
            onClick={() => choose(area)}
          />
        ))}
        <Names areas={inside.length > 0 ? inside : close} box={box} chosen={chosen} />
      </svg>
      {inside.length > 0 && (
        <Button kind="quiet" onClick={() => choose(undefined)}>
          {text.allAreas}
        </Button>
      )}
    </div>
  );
}

/** With its stations, a district is their ground; when it is chosen whole, they are within it. */
function classOf(area: Feature, chosen: Feature | undefined, ground: Feature | undefined): string {
  if (area === ground) return 'map__area';
  if (area === chosen) return 'map__area map__area--chosen';
  return chosen && chosen === ground ? 'map__area map__area--within' : 'map__area';
}

interface NamesProps {
  areas: readonly Feature[];
  box: Box;
  chosen: Feature | undefined;
}

/** The names of the areas: what is chosen first, and none on another. */
function Names({ areas, box, chosen }: NamesProps) {
  const wanted = [...areas]
    .sort((one, other) => Number(other === chosen) - Number(one === chosen))
    .map((area) => ({
      area,
      text: shortLabel(area.properties.label),
      size: SIZE,
      ...onMap(innerPoint(area), box, WIDTH),
    }));
  return (
    <>
      {placed(wanted, [], WIDTH, mapHeight(box, WIDTH)).map(({ label, x, y }) => (
        <g key={label.area.properties.code}>
          {Math.hypot(x - label.x, y - label.y) > SIZE && (
            <line class="map__line" x1={label.x} y1={label.y} x2={x} y2={y} />
          )}
          <text
            class={label.area === chosen ? 'map__name map__name--chosen' : 'map__name'}
            x={x}
            y={y}
          >
            {label.text}
          </text>
        </g>
      ))}
    </>
  );
}

function districtOf(area: Feature, districts: readonly Feature[]): Feature | undefined {
  if (area.properties.kind === 'district') return area;
  const point = innerPoint(area);
  return districts.find((district) => contains(district, point));
}

function choose(area: Feature | undefined): void {
  if (!area) {
    change({ place: { kind: 'unpicked' } });
    return;
  }
  const point = innerPoint(area);
  const { code, label } = area.properties;
  change({ place: { kind: 'area', code, label, ...point, reach: reach(area, point) } });
}
