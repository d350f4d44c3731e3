/** What the map draws of the city and of a report, as GeoJSON. */

import {
  around,
  boxOf,
  type Box,
  closeTo,
  contains,
  type Feature,
  grown,
  innerPoint,
  type Point,
  shortLabel,
  shownPoint,
} from '../../shared/area.ts';
import type { Areas } from '../types.ts';

/** A place that is known to some metres. */
export interface Mark extends Point {
  within?: number | undefined;
}

/** What is shown. */
export interface Shown {
  areas: Areas;
  /** The place of the report, and where it was later, in their order. */
  marks?: readonly Mark[];
  /** Show what is around the marks instead of the whole city. */
  near?: boolean;
  /** Show this area instead of the whole city. */
  within?: Feature | undefined;
  /** The codes of the districts that the officer sees; none: nothing is marked as theirs. */
  scope?: readonly string[];
  /** How many of something a district has, to be said beside its name. */
  count?: (code: string) => number;
  /** How dark a district is, from 0 to 3. */
  shade?: (code: string) => number;
}

type Geometry =
  | Feature['geometry']
  | { type: 'Point'; coordinates: number[] }
  | { type: 'LineString'; coordinates: number[][] };

interface Shape {
  type: 'Feature';
  properties: Record<string, string | number | boolean>;
  geometry: Geometry;
}

interface Collection {
  type: 'FeatureCollection';
  features: Shape[];
}

/** What is drawn, and which part of the earth is seen first. */
export interface Drawing {
  view: Box;
  /** Districts and stations. */
  areas: Collection;
  /** Where their names stand. */
  names: Collection;
  /** How far places are known, and the way from one to the next. */
  reach: Collection;
  /** Places that are spots: each has its sign. */
  signs: readonly (Point & { isLast: boolean })[];
}

// From here on a sign would say more than is known: there is only the circle.
const VAGUE_M = 300;
const CORNERS = 64;

/** Return whether a place is an area rather than a spot. */
export function isVague({ within }: Pick<Mark, 'within'>): boolean {
  return within !== undefined && within > VAGUE_M;
}

/** Return how many of something each district has, and how dark it is for that. */
export function byDistrict(
  rows: readonly { district: string; count: number }[],
): Required<Pick<Shown, 'count' | 'shade'>> {
  const most = Math.max(1, ...rows.map(({ count }) => count));
  const count = (code: string) => rows.find(({ district }) => district === code)?.count ?? 0;
  return { count, shade: (code) => Math.ceil((count(code) / most) * 3) };
}

/** Return what a map draws. */
export function drawingOf({ areas, marks = [], near, within, scope, count, shade }: Shown): Drawing {
  const city = grown(boxOf(within ? [within] : areas.features), 0.03);
  const view = near && marks.length > 0 ? closeTo(marks.flatMap(reached), city) : city;
  const [place] = marks;
  const named = areas.features.map((area): [Shape, Shape] => {
    const { code, kind, label } = area.properties;
    const isDistrict = kind === 'district';
    const number = isDistrict ? (count?.(code) ?? 0) : 0;
    const properties = {
      kind,
      name: number > 0 ? `${shortLabel(label)} ${number}` : shortLabel(label),
      shade: isDistrict ? (shade?.(code) ?? 0) : 0,
      chosen: area === within,
      scope: isDistrict && (scope?.includes(code) ?? false),
      // The station that the place is of; the names of its areas come before all others.
      own: place !== undefined && !isVague(place) && contains(area, place),
    };
    const { lon, lat } = shownPoint(area, view) ?? innerPoint(area);
    const name: Geometry = { type: 'Point', coordinates: [lon, lat] };
    return [shape(area.geometry, properties), shape(name, properties)];
  });
  const last = marks.length - 1;
  return {
    view,
    areas: collection(named.map(([area]) => area)),
    names: collection(named.map(([, name]) => name)),
    reach: collection([
      ...marks.filter((_, at) => at === 0 || at === last).flatMap(circle),
      ...(last > 0 ? [line(marks)] : []),
    ]),
    signs: marks.flatMap((mark, at) =>
      !isVague(mark) && (at === 0 || at === last)
        ? [{ lat: mark.lat, lon: mark.lon, isLast: at > 0 }]
        : [],
    ),
  };
}

function collection(features: Shape[]): Collection {
  return { type: 'FeatureCollection', features };
}

function shape(geometry: Geometry, properties: Shape['properties'] = {}): Shape {
  return { type: 'Feature', properties, geometry };
}

/** Return the points that a map of a place must show. */
function reached(mark: Mark): readonly Point[] {
  return isVague(mark) ? around(mark, mark.within ?? 0) : [mark];
}

/** Return how far a place is known, to scale. */
function circle(mark: Mark): Shape[] {
  if (!mark.within) return [];
  const [north, east] = around(mark, mark.within);
  const [up, across] = [(north?.lat ?? 0) - mark.lat, (east?.lon ?? 0) - mark.lon];
  const ring = Array.from({ length: CORNERS + 1 }, (_, corner) => {
    const angle = (corner / CORNERS) * 2 * Math.PI;
    return [mark.lon + across * Math.sin(angle), mark.lat + up * Math.cos(angle)];
  });
  // Seen on a map of the whole city, too, where the circle is a speck.
  const middle = shape({ type: 'Point', coordinates: [mark.lon, mark.lat] });
  return [shape({ type: 'Polygon', coordinates: [ring] }), ...(isVague(mark) ? [middle] : [])];
}

function line(marks: readonly Mark[]): Shape {
  return shape({ type: 'LineString', coordinates: marks.map(({ lon, lat }) => [lon, lat]) });
}
