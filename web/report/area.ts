/** Districts and areas of stations as shapes on a plane, and a point that stands for each. */
import type { Schemas } from '../shared/api.ts';

export type Feature = Schemas['AreaFeature'];
type Position = readonly number[];
type Ring = readonly Position[];

export interface Point {
  readonly lat: number;
  readonly lon: number;
}

export interface Box {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

const METRES_PER_DEGREE = 111_320;
const STEPS = 24;

/** Return the outer rings and holes of an area. */
export function rings(area: Feature): readonly Ring[] {
  return area.geometry.type === 'Polygon'
    ? area.geometry.coordinates
    : area.geometry.coordinates.flat();
}

/** Return the smallest box around areas. There must be one at least. */
export function boxOf(areas: readonly Feature[]): Box {
  const all = areas.flatMap((area) => rings(area).flat());
  const lons = all.map((position) => position[0] ?? 0);
  const lats = all.map((position) => position[1] ?? 0);
  return {
    west: Math.min(...lons),
    south: Math.min(...lats),
    east: Math.max(...lons),
    north: Math.max(...lats),
  };
}

/** Return the height of a map of a box that is `width` wide. */
export function mapHeight(box: Box, width: number): number {
  return ((box.north - box.south) / ((box.east - box.west) * squeeze(box))) * width;
}

/** Return the outline of an area as the data of an SVG path, on a map of a box. */
export function outline(area: Feature, box: Box, width: number): string {
  const scale = width / ((box.east - box.west) * squeeze(box));
  return rings(area)
    .map((ring) => {
      const steps = ring.map(([lon = 0, lat = 0]) => {
        const x = (lon - box.west) * squeeze(box) * scale;
        const y = (box.north - lat) * scale;
        return `${x.toFixed(1)} ${y.toFixed(1)}`;
      });
      return `M${steps.join('L')}Z`;
    })
    .join('');
}

/** Return whether a point is in an area. A hole is not in it. */
export function contains(area: Feature, point: Point): boolean {
  let inside = false;
  for (const ring of rings(area)) {
    for (let at = 0, before = ring.length - 1; at < ring.length; before = at, at += 1) {
      const [x1 = 0, y1 = 0] = ring[at] ?? [];
      const [x2 = 0, y2 = 0] = ring[before] ?? [];
      const crosses = y1 > point.lat !== y2 > point.lat;
      if (crosses && point.lon < ((x2 - x1) * (point.lat - y1)) / (y2 - y1) + x1) inside = !inside;
    }
  }
  return inside;
}

/** Return a point well inside an area: the one on a grid that is farthest from its borders. */
export function innerPoint(area: Feature): Point {
  const box = boxOf([area]);
  let best: Point = { lat: (box.south + box.north) / 2, lon: (box.west + box.east) / 2 };
  let farthest = contains(area, best) ? toBorder(area, best) : -1;
  for (let row = 1; row < STEPS; row += 1) {
    for (let column = 1; column < STEPS; column += 1) {
      const point = {
        lat: box.south + ((box.north - box.south) * row) / STEPS,
        lon: box.west + ((box.east - box.west) * column) / STEPS,
      };
      if (!contains(area, point)) continue;
      const distance = toBorder(area, point);
      if (distance > farthest) [best, farthest] = [point, distance];
    }
  }
  return best;
}

/** Return the distance in metres from a point to the farthest corner of an area. */
export function reach(area: Feature, point: Point): number {
  return Math.max(...rings(area).flat().map((corner) => metres(point, corner)));
}

/** Return how much shorter a degree of longitude is than one of latitude. */
function squeeze(box: Box): number {
  return Math.cos((((box.south + box.north) / 2) * Math.PI) / 180);
}

/** Return the distance in metres from a point to the nearest border of an area. */
function toBorder(area: Feature, point: Point): number {
  const distances = rings(area).flatMap((ring) =>
    ring.slice(1).map((end, at) => toSide(point, ring[at] ?? end, end)),
  );
  return Math.min(...distances);
}

/** Return the distance in metres from a point to a straight side. */
function toSide(point: Point, start: Position, end: Position): number {
  const [x1, y1] = plane(point, start);
  const [x2, y2] = plane(point, end);
  const [east, north] = [x2 - x1, y2 - y1];
  const length = east * east + north * north;
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, -(x1 * east + y1 * north) / length));
  return Math.hypot(x1 + along * east, y1 + along * north);
}

function metres(point: Point, position: Position): number {
  return Math.hypot(...plane(point, position));
}

/** Return how many metres east and north of a point a position is. */
function plane(point: Point, [lon = 0, lat = 0]: Position): [number, number] {
  const east = (lon - point.lon) * Math.cos((point.lat * Math.PI) / 180);
  return [east * METRES_PER_DEGREE, (lat - point.lat) * METRES_PER_DEGREE];
}
