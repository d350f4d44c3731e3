import { expect, test } from 'vitest';

import { pointIn } from './lightbox.tsx';

const ROOM = { width: 400, height: 200 };

test('a press on a fitted picture is where it is in the picture', () => {
  const square = { width: 1000, height: 1000 };
  expect(pointIn({ x: 200, y: 100 }, ROOM, square)).toEqual({ x: 0.5, y: 0.5 });
  expect(pointIn({ x: 150, y: 50 }, ROOM, square)).toEqual({ x: 0.25, y: 0.25 });
  // Beside it, at its edge.
  expect(pointIn({ x: 10, y: 100 }, ROOM, square)).toEqual({ x: 0, y: 0.5 });
});

test('a picture that has not come has no point', () => {
  expect(pointIn({ x: 10, y: 10 }, ROOM, { width: 0, height: 0 })).toEqual({ x: 0, y: 0 });
});
