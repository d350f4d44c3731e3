/** Districts and areas of stations as shapes on a plane, and a point that stands for each. */
import type { Schemas } from './api.ts';

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

/** Return where a point is on a map of a box that is `width` wide: right and down from its corner. */
export function onMap(point: Point, box: Box, width: number): { x: number; y: number } {
  return {
    x: ((point.lon - box.west) / (box.east - box.west)) * width,
    y: ((box.north - point.lat) / (box.north - box.south)) * mapHeight(box, width),
  };
}

/** Return the points so many metres north, east, south and west of one. */
export function around({ lat, lon }: Point, metres: number): Point[] {
  const up = metres / METRES_PER_DEGREE;
  const across = up / Math.cos((lat * Math.PI) / 180);
  return [
    { lat: lat + up, lon },
    { lat, lon: lon + across },
    { lat: lat - up, lon },
    { lat, lon: lon - across },
  ];
}

/** Return the box with a margin on each side, as a share of it. */
export function grown({ west, south, east, north }: Box, share: number): Box {
  const [across, up] = [(east - west) * share, (north - south) * share];
  return { west: west - across, south: south - up, east: east + across, north: north + up };
}

/**
 * Return the box of a close map around points: a fifth of the whole, or as much as they need, and
 * half as wide again as it is high.
 */
export function closeTo(points: readonly Point[], whole: Box): Box {
  const lons = points.map(({ lon }) => lon);
  const lats = points.map(({ lat }) => lat);
  const lat = (Math.min(...lats) + Math.max(...lats)) / 2;
  const lon = (Math.min(...lons) + Math.max(...lons)) / 2;
  const narrow = Math.cos((lat * Math.PI) / 180);
  const needed = Math.max(
    (Math.max(...lats) - Math.min(...lats)) * 1.5,
    (Math.max(...lons) - Math.min(...lons)) * narrow,
  );
  const across = Math.max(needed * 1.5, (whole.north - whole.south) / 5) / 2;
  const up = across / 1.5;
  return {
    west: lon - across / narrow,
    south: lat - up,
    east: lon + across / narrow,
    north: lat + up,
  };
}

/** Return the label without what all of its kind have: there is little room on a map. */
export function shortLabel(label: string): string {
  return label.replace(/ police station$/, '').replace(/派出所$/, '');
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
  const middle = { lat: (box.south + box.north) / 2, lon: (box.west + box.east) / 2 };
  return deepest(area, box) ?? middle;
}

/** Return a point well inside what a map of a box shows of an area; null when it shows nothing. */
export function shownPoint(area: Feature, shown: Box): Point | null {
  const own = boxOf([area]);
  const box = {
    west: Math.max(own.west, shown.west),
    south: Math.max(own.south, shown.south),
    east: Math.min(own.east, shown.east),
    north: Math.min(own.north, shown.north),
  };
  if (box.west >= box.east || box.south >= box.north) return null;
  return deepest(area, box, frame(shown));
}

/** Return the point of an area on a grid over a box that is farthest from all borders. */
function deepest(area: Feature, box: Box, beside: readonly Ring[] = []): Point | null {
  const borders = [...rings(area), ...beside];
  let best: Point | null = null;
  let farthest = -1;
  for (let row = 1; row < STEPS; row += 1) {
    for (let column = 1; column < STEPS; column += 1) {
      const point = {
        lat: box.south + ((box.north - box.south) * row) / STEPS,
        lon: box.west + ((box.east - box.west) * column) / STEPS,
      };
      if (!contains(area, point)) continue;
      const distance = toBorder(borders, point);
      if (distance > farthest) [best, farthest] = [point, distance];
    }
  }
  return best;
}

function frame({ west, south, east, north }: Box): Ring[] {
  return [[[west, south], [east, south], [east, north], [west, north], [west, south]]];
}

/** Return the distance in metres from a point to the farthest corner of an area. */
export function reach(area: Feature, point: Point): number {
  return Math.max(...rings(area).flat().map((corner) => metres(point, corner)));
}

/** Return how much shorter a degree of longitude is than one of latitude. */
function squeeze(box: Box): number {
  return Math.cos((((box.south + box.north) / 2) * Math.PI) / 180);
}

/** Return the distance in metres from a point to the nearest of some borders. */
function toBorder(borders: readonly Ring[], point: Point): number {
  const distances = borders.flatMap((ring) =>
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
