import { expect, test } from 'vitest';

import type { AreaFeature } from '../types.ts';
import { boxAround, middleOf, pathOf, projectionAt } from './projection.ts';

const SQUARE: AreaFeature = {
  type: 'Feature',
  properties: { code: 'chaoyang', kind: 'district', label: 'Chaoyang' },
  geometry: {
    type: 'Polygon',
    coordinates: [[[0, 60], [1, 60], [1, 61], [0, 61], [0, 60]]],
  },
};
const project = projectionAt(60);

test('north is above, and a degree of longitude is half as wide at 60 degrees', () => {
  expect(pathOf(SQUARE, project)).toBe(
    'M0.00 -60000.00L500.00 -60000.00L500.00 -61000.00L0.00 -61000.00L0.00 -60000.00Z',
  );
});

test('a box has a margin around the features', () => {
  const box = boxAround([SQUARE], project, 0.1);
  expect(box.x).toBeCloseTo(-100);
  expect(box.y).toBeCloseTo(-61100);
  expect(box.width).toBeCloseTo(700);
  expect(box.height).toBeCloseTo(1200);
});

test('the name of an area stands in its middle', () => {
  const { x, y } = middleOf(SQUARE, project);
  expect([x, y]).toEqual([expect.closeTo(250), expect.closeTo(-60500)]);
});
