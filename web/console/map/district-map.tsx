/** A map of the city's own areas: no tiles, nobody else's server. */

import { useMemo } from 'preact/hooks';

import type { AreaFeature, Areas } from '../types.ts';
import { type Box, boxAround, boxOf, middleOf, pathOf, type Point, projectionAt } from './projection.ts';
import './map.css';

export interface Mark {
  lat: number;
  lon: number;
}

interface MapProps {
  areas: Areas;
  label: string;
  /** The place of the report, and where it was later, in their order. */
  marks?: readonly Mark[];
  /** Show what is around the marks instead of the whole city. */
  near?: boolean;
  /** What else is said of an area, beside its name. */
  shade?: (code: string) => number;
}

export function DistrictMap({ areas, label, marks = [], near = false, shade }: MapProps) {
  const drawing = useMemo(() => draw(areas), [areas]);
  const points = marks.map(({ lon, lat }) => drawing.project(lon, lat));
  const box = near && points.length > 0 ? around(points, drawing.box) : drawing.box;
  // Sizes of signs in the units of the drawing, so that they look alike at each zoom.
  const unit = Math.max(box.width, box.height) / 100;
  return (
    <svg
      class="district-map"
      viewBox={`${box.x} ${box.y} ${box.width} ${box.height}`}
      role="img"
      aria-label={label}
    >
      {drawing.areas.map(({ code, kind, path }) => (
        <path
          key={code}
          d={path}
          class={`district-map__${kind}`}
          data-shade={kind === 'district' && shade ? shade(code) : undefined}
          stroke-width={kind === 'district' ? unit * 0.4 : unit * 0.2}
        />
      ))}
      {drawing.areas
        .filter(({ kind }) => kind === 'district' || near)
        .map(({ code, kind, name, middle }) => (
          <text
            key={code}
            x={middle.x}
            y={middle.y}
            class={`district-map__name district-map__name--${kind}`}
            font-size={kind === 'district' ? unit * 3.4 : unit * 2.4}
          >
            {name}
          </text>
        ))}
      <Trail points={points} unit={unit} />
    </svg>
  );
}

/** Where it was, and the way that it went. */
function Trail({ points, unit }: { points: Point[]; unit: number }) {
  const [first, ...later] = points;
  const last = later.at(-1);
  if (!first) return null;
  return (
    <>
      {last && (
        <polyline
          class="district-map__trail"
          points={points.map(({ x, y }) => `${x},${y}`).join(' ')}
          stroke-width={unit * 0.7}
        />
      )}
      <circle class="district-map__place" cx={first.x} cy={first.y} r={unit * 1.8} stroke-width={unit * 0.6} />
      {last && (
        <circle class="district-map__last" cx={last.x} cy={last.y} r={unit * 1.5} stroke-width={unit * 0.6} />
      )}
    </>
  );
}

interface Drawn {
  code: string;
  kind: AreaFeature['properties']['kind'];
  name: string;
  path: string;
  middle: Point;
}

interface Drawing {
  areas: Drawn[];
  box: Box;
  project: (lon: number, lat: number) => Point;
}

function draw({ features }: Areas): Drawing {
  const flat = boxAround(features, (lon, lat) => ({ x: lon, y: lat }), 0);
  const project = projectionAt(flat.y + flat.height / 2);
  const drawn = features.map((feature) => ({
    code: feature.properties.code,
    kind: feature.properties.kind,
    name: feature.properties.label,
    path: pathOf(feature, project),
    middle: middleOf(feature, project),
  }));
  // Districts below their stations.
  drawn.sort((one, other) => one.kind.localeCompare(other.kind));
  return { areas: drawn, box: boxAround(features, project, 0.03), project };
}

/** Return a fifth of the city around points, or more if they need it. */
function around(points: readonly Point[], city: Box): Box {
  const box = boxOf(points, 0.3);
  const side = Math.max(box.width, box.height, Math.max(city.width, city.height) / 5);
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  return { x: x - side / 2, y: y - side / 3, width: side, height: (side * 2) / 3 };
}
