/** From degrees to the plane of a drawing: true to shape within a city, north above. */

import type { AreaFeature } from '../types.ts';

export interface Point {
  x: number;
  y: number;
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

const SCALE = 1000;

/** Return a projection for places near a latitude. */
export function projectionAt(latitude: number): (lon: number, lat: number) => Point {
  const squeeze = Math.cos((latitude * Math.PI) / 180);
  return (lon, lat) => ({ x: lon * squeeze * SCALE, y: -lat * SCALE });
}

/** Return the rings of a feature as the path of a drawing. */
export function pathOf(
  feature: AreaFeature,
  project: (lon: number, lat: number) => Point,
): string {
  return ringsOf(feature)
    .map((ring) => `M${ring.map((point) => written(project, point)).join('L')}Z`)
    .join('');
}

/** Return the box around features, with a margin as a share of its size. */
export function boxAround(
  features: readonly AreaFeature[],
  project: (lon: number, lat: number) => Point,
  margin = 0.05,
): Box {
  const points = features
    .flatMap(ringsOf)
    .flat()
    .map(([lon = 0, lat = 0]) => project(lon, lat));
  return boxOf(points, margin);
}

/** Return the box around points. */
export function boxOf(points: readonly Point[], margin: number): Box {
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - left, Math.max(...ys) - top];
  const edge = Math.max(width, height) * margin;
  return {
    x: left - edge,
    y: top - edge,
    width: width + 2 * edge,
    height: height + 2 * edge,
  };
}

/** Return the middle of a feature's first ring: where its name can stand. */
export function middleOf(
  feature: AreaFeature,
  project: (lon: number, lat: number) => Point,
): Point {
  const box = boxAround([feature], project, 0);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

function ringsOf({ geometry }: AreaFeature): number[][][] {
  return geometry.type === 'Polygon' ? geometry.coordinates : geometry.coordinates.flat();
}

function written(project: (lon: number, lat: number) => Point, [lon = 0, lat = 0]: number[]) {
  const { x, y } = project(lon, lat);
  return `${x.toFixed(2)} ${y.toFixed(2)}`;
}
