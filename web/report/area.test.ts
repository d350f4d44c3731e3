import { expect, test } from 'vitest';

import { boxOf, contains, type Feature, innerPoint, mapHeight, outline, reach } from './area.ts';

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

function area(ring: [number, number][]): Feature {
  return {
    type: 'Feature',
    properties: { code: 'any', kind: 'district', label: 'Any' },
    geometry: { type: 'Polygon', coordinates: [ring] },
  };
}
