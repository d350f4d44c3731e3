import { expect, test } from 'vitest';

import { regionBetween, withSide } from './redaction.tsx';

test('a region is drawn from any corner', () => {
  const region = { x: 0.2, y: 0.3, width: 0.4, height: 0.1 };
  expect(regionBetween({ x: 0.2, y: 0.3 }, { x: 0.6, y: 0.4 })).toEqual(region);
  expect(regionBetween({ x: 0.6, y: 0.4 }, { x: 0.2, y: 0.3 })).toEqual(region);
});

test('a region ends where the picture ends', () => {
  expect(regionBetween({ x: 0.9, y: -0.5 }, { x: 1.7, y: 0.5 })).toEqual({
    x: 0.9,
    y: 0,
    width: 0.1,
    height: 0.5,
  });
});

test('a slip of the hand is no region', () => {
  expect(regionBetween({ x: 0.5, y: 0.5 }, { x: 0.501, y: 0.9 })).toBeNull();
});

test('a typed side stays inside the picture', () => {
  const region = { x: 0.5, y: 0.5, width: 0.2, height: 0.2 };
  expect(withSide(region, 'width', 0.9)).toEqual({ ...region, width: 0.5 });
  expect(withSide(region, 'x', 0.95)).toEqual({ ...region, x: 0.95, width: 0.05 });
  expect(withSide(region, 'height', Number.NaN).height).toBe(0.005);
});
