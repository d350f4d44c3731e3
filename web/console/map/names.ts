/** Where the names of areas stand on a map: each within its own area, and on no border of it; with a
 * number, in two lines if need be. A district that is too small for its name has it beside the city,
 * with a line. A station has none then.
 */

import {
  boxOf,
  type Box,
  contains,
  type Feature,
  mapHeight,
  onMap,
  type Point,
  shortLabel,
  shownPoint,
} from '../../shared/area.ts';
import { overlap, placed, type Rect, rectAt, type Wanted } from '../../shared/labels.ts';

export interface Name extends Wanted {
  code: string;
  kind: Feature['properties']['kind'];
  area: Feature;
  /** The name, and its number below it where both have no room beside each other. */
  lines: readonly string[];
  /** Whether it is of the area that the place is in. */
  own: boolean;
}

export interface Stood {
  name: Name;
  x: number;
  y: number;
  /** Where the line to its district begins; null without one. */
  from: At | null;
}

interface At {
  x: number;
  y: number;
}

interface MapOfAreas {
  features: readonly Feature[];
  box: Box;
  width: number;
  place: Point | undefined;
  count: ((code: string) => number) | undefined;
}

const EDGE = 3;
// From one place that is tried to the next, and how far they go, in pixels.
const STEP = 6;
const FAR = 96;
const TURNS = 24;

/** Return the names that have room. `signs` are what none may cover. */
export function namesOf(map: MapOfAreas, signs: readonly Rect[]): Stood[] {
  const taken = [...signs];
  const found: Stood[] = [];
  const stand = (name: Name, at: At, from: At | null = null) => {
    taken.push(rectOf(name, at));
    if (from) taken.push(...alongLine(from, at));
    found.push({ name, ...at, from });
  };
  const wanted = wantedOn(map);
  const small: Name[] = [];
  for (const name of wanted.filter(({ kind, own }) => kind === 'district' || own)) {
    const folded = { ...name, lines: name.text.split(/ (?=\d+$)/) };
    const at = within(name, map, taken);
    const below = at ? undefined : within(folded, map, taken);
    if (at) stand(name, at);
    else if (below) stand(folded, below);
    else if (name.kind === 'district' && isWhole(name.area, map.box)) small.push(name);
  }
  // The shortest line first: it is in the way of the fewest.
  while (small.length > 0) {
    const all = small.map((name) => ({ name, at: beside(name, map, taken) }));
    const [next] = all.sort((one, other) => away(one) - away(other));
    if (!next) break;
    small.splice(small.indexOf(next.name), 1);
    if (next.at) stand(next.name, next.at, { x: next.name.x, y: next.name.y });
  }
  for (const name of wanted.filter(({ kind, own }) => kind === 'station' && !own)) {
    const at = within(name, map, taken);
    if (at) stand(name, at);
  }
  return found;
}

function away({ name, at }: { name: Name; at: At | null }): number {
  return at ? Math.hypot(at.x - name.x, at.y - name.y) : Infinity;
}

/** Return the names of all areas that are seen: those of the place's own areas first. */
function wantedOn({ features, box, width, place, count }: MapOfAreas): Name[] {
  const names = features.flatMap((area): Name[] => {
    const point = shownPoint(area, box);
    if (point === null) return [];
    const { code, kind, label } = area.properties;
    const number = kind === 'district' ? (count?.(code) ?? 0) : 0;
    const own = place !== undefined && contains(area, place);
    const text = number > 0 ? `${shortLabel(label)} ${number}` : shortLabel(label);
    const size = kind === 'station' || width < 480 ? 12 : 14;
    return [{ code, kind, area, own, text, lines: [text], size, ...onMap(point, box, width) }];
  });
  return names.sort((one, other) => Number(other.own) - Number(one.own));
}

/** Return the nearest point at which a name lies within its area alone, if there is one. */
function within(name: Name, map: MapOfAreas, taken: readonly Rect[]): At | undefined {
  return STEPS_AROUND.map(({ right, down }) => ({ x: name.x + right, y: name.y + down })).find(
    (at) => {
      // Most places are ruled out by their middle.
      if (!contains(name.area, pointAt(at.x, at.y, map))) return false;
      const rect = rectOf(name, at);
      return (
        isOnMap(rect, map) &&
        !taken.some((other) => overlap(other, rect)) &&
        pointsOf(letters(rect, name), map).every((point) => contains(name.area, point))
      );
    },
  );
}

/** Return a near point at which a name lies in no district, and its line crosses nothing if it can. */
function beside(name: Name, map: MapOfAreas, taken: readonly Rect[]): At | null {
  const districts = map.features.filter(({ properties }) => properties.kind === 'district');
  const height = mapHeight(map.box, map.width);
  let crossing: At | null = null;
  for (let far = 2 * STEP; far < Math.max(map.width, height); far += 2 * STEP) {
    for (let turn = 0; turn < TURNS; turn += 1) {
      const angle = (turn / TURNS) * 2 * Math.PI;
      const at = { x: name.x + far * Math.cos(angle), y: name.y + far * Math.sin(angle) };
      const isIn = (point: Point) => districts.some((area) => contains(area, point));
      const rect = rectOf(name, at);
      if (!isOnMap(rect, map) || isIn(pointAt(at.x, at.y, map))) continue;
      if (taken.some((other) => overlap(other, rect))) continue;
      if (pointsOf(rect, map).some(isIn)) continue;
      const line = alongLine(name, at);
      if (!line.some((dot) => taken.some((other) => overlap(other, dot)))) return at;
      crossing ??= at;
    }
  }
  return crossing ?? placed([name], taken, map.width, height)[0] ?? null;
}

function rectOf({ lines, size }: Name, { x, y }: At): Rect {
  const [first = '', ...more] = lines;
  const rect = rectAt({ text: first, size, x, y }, x, y);
  const half = (more.length * (rect.bottom - rect.top)) / 2;
  return { ...rect, top: rect.top - half, bottom: rect.bottom + half };
}

/** Return what the letters take of a name's room: there is air above and beside them. */
function letters({ left, top, right, bottom }: Rect, { size }: Name): Rect {
  const air = size / 5;
  return { left: left + air, top: top + air, right: right - air, bottom: bottom - air };
}

const STEPS_AROUND = stepsAround();

function stepsAround(): { right: number; down: number }[] {
  const found: { right: number; down: number }[] = [];
  for (let right = -FAR; right <= FAR; right += STEP) {
    for (let down = -FAR; down <= FAR; down += STEP) found.push({ right, down });
  }
  return found.sort(
    (one, other) => Math.hypot(one.right, one.down) - Math.hypot(other.right, other.down),
  );
}

/** Return small pieces of the line between two points. */
function alongLine(from: { x: number; y: number }, to: { x: number; y: number }): Rect[] {
  const pieces = Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / STEP);
  return Array.from({ length: pieces }, (_, piece) => {
    const x = from.x + ((to.x - from.x) * piece) / pieces;
    const y = from.y + ((to.y - from.y) * piece) / pieces;
    return { left: x, top: y - 1, right: x, bottom: y + 1 };
  });
}

/** Return points of the map along the edges of a rectangle and across it. */
function pointsOf({ left, top, right, bottom }: Rect, map: MapOfAreas): Point[] {
  const across = Math.max(2, Math.ceil((right - left) / (2 * STEP)));
  return [top, (top + bottom) / 2, bottom].flatMap((y) =>
    Array.from({ length: across + 1 }, (_, step) =>
      pointAt(left + ((right - left) * step) / across, y, map),
    ),
  );
}

/** Return the point of the earth that is at a place of the map. */
function pointAt(x: number, y: number, { box, width }: MapOfAreas): Point {
  return {
    lat: box.north - (y / mapHeight(box, width)) * (box.north - box.south),
    lon: box.west + (x / width) * (box.east - box.west),
  };
}

function isOnMap({ left, top, right, bottom }: Rect, { box, width }: MapOfAreas): boolean {
  const height = mapHeight(box, width);
  return left > EDGE && top > EDGE && right < width - EDGE && bottom < height - EDGE;
}

function isWhole(area: Feature, box: Box): boolean {
  const { west, south, east, north } = boxOf([area]);
  return west >= box.west && south >= box.south && east <= box.east && north <= box.north;
}
