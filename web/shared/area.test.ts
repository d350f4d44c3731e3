import { expect, test } from 'vitest';

import {
  around,
  boxOf,
  closeTo,
  contains,
  type Feature,
  grown,
  innerPoint,
  mapHeight,
  onMap,
  outline,
  reach,
  shortLabel,
  shownPoint,
} from './area.ts';

// A "C": the middle of its box is not in it.
const BENT: Feature = area([
  [0, 0],
  [3, 0],
  [3, 1],
  [1, 1],
  [1, 2],
  [3, 2],
  [3, 3],
  [0, 3],
  [0, 0],
]);
const SQUARE: Feature = area([
  [0, 0],
  [2, 0],
  [2, 2],
  [0, 2],
  [0, 0],
]);

test('a point is inside, outside, or in a hole', () => {
  const holed: Feature = {
    ...SQUARE,
    geometry: {
      type: 'Polygon',
      coordinates: [
        [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]],
        [[1, 1], [3, 1], [3, 3], [1, 3], [1, 1]],
      ],
    },
  };
  expect(contains(holed, { lon: 0.5, lat: 0.5 })).toBe(true);
  expect(contains(holed, { lon: 2, lat: 2 })).toBe(false);
  expect(contains(holed, { lon: 5, lat: 2 })).toBe(false);
});

test('the point that stands for an area is in it, even if it is bent', () => {
  expect(contains(BENT, { lon: 2, lat: 1.5 })).toBe(false);
  expect(contains(BENT, innerPoint(BENT))).toBe(true);
});

test('the point of a square is near its middle, and reaches its corners', () => {
  const { lon, lat } = innerPoint(SQUARE);
  expect(lon).toBeCloseTo(1);
  expect(lat).toBeCloseTo(1);
  // Half a diagonal of two degrees at the equator.
  expect(reach(SQUARE, { lon, lat })).toBeGreaterThan(157_000);
  expect(reach(SQUARE, { lon, lat })).toBeLessThan(158_000);
});

test('an outline fills its map, with north above', () => {
  const box = boxOf([SQUARE]);
  const height = mapHeight(box, 100);
  expect(height).toBeCloseTo(100, 0);
  expect(outline(SQUARE, box, 100)).toBe(
    `M0.0 ${height.toFixed(1)}L100.0 ${height.toFixed(1)}L100.0 0.0L0.0 0.0L0.0 ${height.toFixed(1)}Z`,
  );
});

test('an area of several parts is drawn whole', () => {
  const parts: Feature = {
    ...SQUARE,
    geometry: {
      type: 'MultiPolygon',
      coordinates: [
        [[[0, 0], [1, 0], [1, 1], [0, 0]]],
        [[[5, 5], [6, 5], [6, 6], [5, 5]]],
      ],
    },
  };
  expect(boxOf([parts])).toEqual({ west: 0, south: 0, east: 6, north: 6 });
  expect(outline(parts, boxOf([parts]), 100).match(/M/g)).toHaveLength(2);
});

test('a point is shown where it is', () => {
  const box = boxOf([SQUARE]);
  const { x, y } = onMap({ lon: 0.5, lat: 2 }, box, 100);
  expect([x, y]).toEqual([expect.closeTo(25), expect.closeTo(0)]);
});

test('of an area at the edge of a map, a point is found that the map shows', () => {
  const box = { west: 1.5, south: 1.5, east: 4, north: 4 };
  const point = shownPoint(SQUARE, box);
  expect(point).toEqual({ lon: expect.closeTo(1.75), lat: expect.closeTo(1.75) });
  expect(shownPoint(SQUARE, { west: 3, south: 3, east: 4, north: 4 })).toBeNull();
});

test('a close map is around its points, and a fifth of the whole at least', () => {
  const whole = grown({ west: 0, south: 0, east: 10, north: 10 }, 0);
  const one = closeTo([{ lon: 5, lat: 5 }], whole);
  expect(one.east - one.west).toBeCloseTo(2, 1);
  const far = [{ lon: 1, lat: 5 }, { lon: 9, lat: 5 }];
  const wide = closeTo(far, whole);
  expect(far.every(({ lon }) => lon > wide.west && lon < wide.east)).toBe(true);
});

test('a label on a map leaves out what all of its kind have', () => {
  expect([shortLabel('Sanlitun police station'), shortLabel('三里屯派出所')]).toEqual([
    'Sanlitun',
    '三里屯',
  ]);
});

function area(ring: [number, number][]): Feature {
  return {
    type: 'Feature',
    properties: { code: 'any', kind: 'district', label: 'Any' },
    geometry: { type: 'Polygon', coordinates: [ring] },
  };
}

test('the points around a place lie on a circle, which is to scale', () => {
  const box = { west: 0, south: 0, east: 2, north: 2 };
  const middle = { lat: 1, lon: 1 };
  for (const point of around(middle, 55_660)) {
    const [x, y] = [onMap(point, box, 200).x - 100, onMap(point, box, 200).y - 100];
    expect(Math.hypot(x, y)).toBeCloseTo(50, 0);
  }
});
