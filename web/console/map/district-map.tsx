/** A map of the city's own areas: no tiles, nobody else's server. */

import type { TargetedMouseEvent } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';

import {
  around,
  boxOf,
  type Box,
  closeTo,
  type Feature,
  fromMap,
  grown,
  lengthOnMap,
  mapHeight,
  metresOnMap,
  onMap,
  outline,
  type Point,
} from '../../shared/area.ts';
import type { Rect } from '../../shared/labels.ts';
import type { Areas } from '../types.ts';
import { namesOf } from './names.ts';
import './map.css';

/** A place that is known to some metres. */
export interface Mark extends Point {
  within?: number | undefined;
}

interface MapProps {
  areas: Areas;
  label: string;
  /** The place of the report, and where it was later, in their order. */
  marks?: readonly Mark[];
  /** Show what is around the marks instead of the whole city. */
  near?: boolean;
  /** Show this area instead of the whole city. */
  within?: Feature | undefined;
  /** Take a place that was tapped, and how many metres a finger may be off there. */
  onTap?: (place: Point, within: number) => void;
  /** How many of something a district has, to be said beside its name. */
  count?: (code: string) => number;
  /** How dark a district is, from 0 to 3. */
  shade?: (code: string) => number;
}

// Until the map is on the screen, and where it cannot be measured.
const USUAL = { width: 640, height: 640 };
const SIGN = 9;
// How far a finger is off, in pixels.
const FINGER = 10;
// From here on a sign would say more than is known: there is only the circle.
const VAGUE_M = 300;

/** Return whether a place is an area rather than a spot. */
export function isVague({ within }: Pick<Mark, 'within'>): boolean {
  return within !== undefined && within > VAGUE_M;
}

export function DistrictMap(props: MapProps) {
  const { areas, label, marks = [], near = false, within, onTap, count, shade } = props;
  const [svg, room] = useRoom();
  // Districts below their stations.
  const features = [...areas.features].sort((one, other) =>
    one.properties.kind.localeCompare(other.properties.kind),
  );
  const city = grown(boxOf(within ? [within] : features), 0.03);
  const box = near && marks.length > 0 ? closeTo(marks.flatMap(reached), city) : city;
  // It fills the room in one direction, and pixels of the drawing are those of the screen.
  const width = Math.round(Math.min(room.width, room.height / mapHeight(box, 1)));
  const height = mapHeight(box, width);
  const tap = (event: TargetedMouseEvent<SVGSVGElement>) => {
    const screen = event.currentTarget.getScreenCTM();
    if (!screen || !onTap) return;
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(screen.inverse());
    onTap(fromMap(x, y, box, width), FINGER * metresOnMap(box, width));
  };
  return (
    <svg
      ref={svg}
      class={onTap ? 'district-map district-map--tapped' : 'district-map'}
      onClick={onTap && tap}
      viewBox={`0 0 ${width} ${height.toFixed(1)}`}
      role="img"
      aria-label={label}
    >
      {features.map((area) => (
        <path
          key={area.properties.code}
          d={outline(area, box, width)}
          class={`district-map__${area.properties.kind}`}
          data-chosen={area === within || undefined}
          data-shade={
            area.properties.kind === 'district' && shade ? shade(area.properties.code) : undefined
          }
        />
      ))}
      <Trail
        spots={marks.map((mark) => ({
          ...onMap(mark, box, width),
          radius: lengthOnMap(mark.within ?? 0, box, width),
          vague: isVague(mark),
        }))}
      />
      <Names areas={areas} features={features} marks={marks} box={box} width={width} count={count} />
    </svg>
  );
}

/** Return the points that a map of a place must show. */
function reached(mark: Mark): readonly Point[] {
  return isVague(mark) ? around(mark, mark.within ?? 0) : [mark];
}

interface Spot {
  x: number;
  y: number;
  /** How far it is known, in pixels. */
  radius: number;
  vague: boolean;
}

/** Where it was, and the way that it went. */
function Trail({ spots }: { spots: readonly Spot[] }) {
  const [first, ...later] = spots;
  const last = later.at(-1);
  if (!first) return null;
  return (
    <>
      <Within spot={first} />
      {last && <Within spot={last} />}
      {last && (
        <polyline
          class="district-map__trail"
          points={spots.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')}
        />
      )}
      {!first.vague && <circle class="district-map__place" cx={first.x} cy={first.y} r={SIGN} />}
      {last && !last.vague && (
        <circle class="district-map__last" cx={last.x} cy={last.y} r={SIGN - 2} />
      )}
    </>
  );
}

/** How far a place is known, to scale. Without a sign it is seen on a map of the whole city, too. */
function Within({ spot: { x, y, radius, vague } }: { spot: Spot }) {
  const r = vague ? Math.max(radius, SIGN) : radius;
  return r >= SIGN ? <circle class="district-map__within" cx={x} cy={y} r={r.toFixed(1)} /> : null;
}

interface NamesProps {
  areas: Areas;
  features: readonly Feature[];
  marks: readonly Mark[];
  box: Box;
  width: number;
  count: MapProps['count'];
}

/** The names that have room, above all else. */
function Names({ areas, features, marks, box, width, count }: NamesProps) {
  const signs = marks
    .filter((mark) => !isVague(mark))
    .map((mark): Rect => {
      const { x, y } = onMap(mark, box, width);
      return { left: x - SIGN, top: y - SIGN, right: x + SIGN, bottom: y + SIGN };
    });
  const counts = features.map(({ properties }) => count?.(properties.code) ?? 0);
  // The search for room takes a while: once for each map, not with each word that is typed beside it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key holds them by value.
  const names = useMemo(
    () => namesOf({ features, box, width, count, place: marks[0] }, signs),
    [areas, JSON.stringify([box, width, marks, counts])],
  );
  return (
    <>
      {names.map(({ name, x, y, from }) => (
        <g key={name.code}>
          {from && (
            <>
              <line class="district-map__line" x1={from.x} y1={from.y} x2={x} y2={y} />
              <circle class="district-map__dot" cx={from.x} cy={from.y} r="3" />
            </>
          )}
          <text
            x={x}
            y={y}
            class={`district-map__name district-map__name--${name.kind}`}
            font-size={name.size}
          >
            {name.lines.length === 1
              ? name.text
              : name.lines.map((line, at) => (
                  <tspan key={line} x={x} dy={at === 0 ? '-0.625em' : '1.25em'}>
                    {at === 0 ? line : ` ${line}`}
                  </tspan>
                ))}
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
