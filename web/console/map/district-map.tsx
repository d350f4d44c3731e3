/** A map of the city's own areas: no tiles, nobody else's server. */

import { useEffect, useRef, useState } from 'preact/hooks';

import {
  boxOf,
  type Box,
  closeTo,
  contains,
  type Feature,
  grown,
  mapHeight,
  onMap,
  outline,
  type Point,
  shortLabel,
  shownPoint,
} from '../../shared/area.ts';
import { placed, type Rect, type Wanted } from '../../shared/labels.ts';
import type { Areas } from '../types.ts';
import './map.css';

interface MapProps {
  areas: Areas;
  label: string;
  /** The place of the report, and where it was later, in their order. */
  marks?: readonly Point[];
  /** Show what is around the marks instead of the whole city. */
  near?: boolean;
  /** How many of something a district has, to be said beside its name. */
  count?: (code: string) => number;
  /** How dark a district is, from 0 to 3. */
  shade?: (code: string) => number;
}

// Until the map is on the screen, and where it cannot be measured.
const USUAL = { width: 640, height: 640 };
const SIGN = 9;

export function DistrictMap({ areas, label, marks = [], near = false, count, shade }: MapProps) {
  const [svg, room] = useRoom();
  // Districts below their stations.
  const features = [...areas.features].sort((one, other) =>
    one.properties.kind.localeCompare(other.properties.kind),
  );
  const city = grown(boxOf(features), 0.03);
  const box = near && marks.length > 0 ? closeTo(marks, city) : city;
  // It fills the room in one direction, and pixels of the drawing are those of the screen.
  const width = Math.round(Math.min(room.width, room.height / mapHeight(box, 1)));
  const height = mapHeight(box, width);
  const points = marks.map((mark) => onMap(mark, box, width));
  return (
    <svg
      ref={svg}
      class="district-map"
      viewBox={`0 0 ${width} ${height.toFixed(1)}`}
      role="img"
      aria-label={label}
    >
      {features.map((area) => (
        <path
          key={area.properties.code}
          d={outline(area, box, width)}
          class={`district-map__${area.properties.kind}`}
          data-shade={
            area.properties.kind === 'district' && shade ? shade(area.properties.code) : undefined
          }
        />
      ))}
      <Trail points={points} />
      <Names features={features} marks={marks} box={box} width={width} count={count} />
    </svg>
  );
}

type At = { x: number; y: number };

/** Where it was, and the way that it went. */
function Trail({ points }: { points: readonly At[] }) {
  const [first, ...later] = points;
  const last = later.at(-1);
  if (!first) return null;
  return (
    <>
      {last && (
        <polyline
          class="district-map__trail"
          points={points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')}
        />
      )}
      <circle class="district-map__place" cx={first.x} cy={first.y} r={SIGN} />
      {last && <circle class="district-map__last" cx={last.x} cy={last.y} r={SIGN - 2} />}
    </>
  );
}

interface NamesProps {
  features: readonly Feature[];
  marks: readonly Point[];
  box: Box;
  width: number;
  count: MapProps['count'];
}

interface Name extends Wanted {
  code: string;
  kind: Feature['properties']['kind'];
}

/** The names that have room, above all else: of districts first, and of the place's own station. */
function Names({ features, marks, box, width, count }: NamesProps) {
  const [place] = marks;
  const has = (area: Feature) => Number(place !== undefined && contains(area, place));
  const named = [...features].sort(
    (one, other) => has(other) - has(one) || one.properties.kind.localeCompare(other.properties.kind),
  );
  const wanted = named.flatMap((area): Name[] => {
    const point = shownPoint(area, box);
    if (point === null) return [];
    const { code, kind, label } = area.properties;
    const number = kind === 'district' ? (count?.(code) ?? 0) : 0;
    const small = kind === 'station' || width < 480;
    return [
      {
        code,
        kind,
        text: number > 0 ? `${shortLabel(label)} ${number}` : shortLabel(label),
        size: small ? 12 : 14,
        moves: kind === 'district',
        ...onMap(point, box, width),
      },
    ];
  });
  const signs = marks.map((mark): Rect => {
    const { x, y } = onMap(mark, box, width);
    return { left: x - SIGN, top: y - SIGN, right: x + SIGN, bottom: y + SIGN };
  });
  return (
    <>
      {placed(wanted, signs, width, mapHeight(box, width)).map(({ label, x, y }) => (
        <g key={label.code}>
          {Math.hypot(x - label.x, y - label.y) > label.size && (
            <line class="district-map__line" x1={label.x} y1={label.y} x2={x} y2={y} />
          )}
          <text
            x={x}
            y={y}
            class={`district-map__name district-map__name--${label.kind}`}
            font-size={label.size}
          >
            {label.text}
          </text>
        </g>
      ))}
    </>
  );
}

/** Return a reference to give to the map, and how many pixels of the screen it has. */
function useRoom() {
  const svg = useRef<SVGSVGElement>(null);
  const [room, setRoom] = useState(USUAL);
  useEffect(() => {
    const map = svg.current;
    if (!map) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry?.contentRect ?? { width: 0, height: 0 };
      if (width > 0 && height > 0) setRoom({ width, height });
    });
    observer.observe(map);
    return () => observer.disconnect();
  }, []);
  return [svg, room] as const;
}
