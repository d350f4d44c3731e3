import { expect, test } from 'vitest';

import type { Feature } from '../../shared/area.ts';
import { widthOf } from '../../shared/labels.ts';
import { namesOf } from './names.ts';

// A map of 600 by 400 pixels at the equator: a degree is 100 pixels.
const BOX = { west: 0, east: 6, south: -2, north: 2 };

function area(label: string, west: number, east: number, kind: 'district' | 'station' = 'district') {
  const ring = [
    [west, -1],
    [east, -1],
    [east, 1],
    [west, 1],
    [west, -1],
  ];
  return {
    type: 'Feature',
    properties: { code: label, label, kind },
    geometry: { type: 'Polygon', coordinates: [ring] },
  } as unknown as Feature;
}

function named(features: Feature[], count?: (code: string) => number) {
  const map = { features, box: BOX, width: 600, place: undefined, count };
  return new Map(namesOf(map, []).map((stood) => [stood.name.code, stood]));
}

test('a name stands within its area, and on no border', () => {
  const found = named([area('Haidian', 1, 2.5), area('Chaoyang', 2.5, 4)]).get('Haidian');
  const half = widthOf('Haidian', 14) / 2;
  expect(found).toMatchObject({ from: null });
  expect((found?.x ?? 0) - half).toBeGreaterThan(100 - 3);
  expect((found?.x ?? 0) + half).toBeLessThan(250 + 3);
});

test('a district that is too small has its name beside the city, with a line', () => {
  const found = named([
    area('Haidian', 1, 2.5),
    area('Xicheng', 2.5, 2.7),
    area('Chaoyang', 2.7, 4),
  ]).get('Xicheng');
  expect(found?.from?.x).toBeGreaterThan(250);
  expect(found?.from?.x).toBeLessThan(270);
  expect(Math.abs((found?.y ?? 200) - 200)).toBeGreaterThan(100);
});

test('a number stands below the name where it has no room beside it', () => {
  const narrow = widthOf('Haidian', 14) / 100;
  const found = named([area('Haidian', 1, 1 + narrow)], () => 12).get('Haidian');
  expect(found).toMatchObject({ from: null, name: { lines: ['Haidian', '12'] } });
});

test('a station that is too small has no name', () => {
  const found = named([area('Chaoyang', 1, 4), area('Sanlitun', 1, 1.2, 'station')]);
  expect([...found.keys()]).toEqual(['Chaoyang']);
});
