import { expect, test } from 'vitest';

import { placed, type Wanted, widthOf } from './labels.ts';

function name(text: string, x: number, y: number): Wanted {
  return { text, x, y, size: 14 };
}

function shown(wanted: readonly Wanted[], signs = [] as Parameters<typeof placed>[1]) {
  return placed(wanted, signs, 400, 300).map(({ label, x, y }) => ({ text: label.text, x, y }));
}

test('a name stands at its place where there is room', () => {
  expect(shown([name('Haidian', 100, 100)])).toEqual([{ text: 'Haidian', x: 100, y: 100 }]);
});

test('names that would lie on each other stand beside each other', () => {
  const [one, other] = shown([name('Dongcheng', 100, 100), name('Xicheng', 110, 102)]);
  expect(one?.y).toBe(100);
  expect(Math.abs((other?.y ?? 0) - 100)).toBeGreaterThanOrEqual(14);
});

test('two names on a line are not read as one', () => {
  const half = widthOf('Sanlitun', 14) / 2;
  const [one, other] = shown([name('Sanlitun', 100, 100), name('Sanlitun', 105 + 2 * half, 100)]);
  expect(one).toMatchObject({ x: 100, y: 100 });
  const distance = Math.abs((other?.x ?? 0) - 100) - 2 * half;
  expect(other?.y === 100 && distance < 8).toBe(false);
});

test('no name covers a sign', () => {
  const sign = { left: 90, top: 90, right: 110, bottom: 110 };
  const [found] = shown([name('Sanlitun', 100, 100)], [sign]);
  expect(Math.abs((found?.y ?? 100) - 100)).toBeGreaterThan(10);
});

test('a name is whole at the edge', () => {
  const [found] = shown([name('Changying', 395, 298)]);
  expect((found?.x ?? 400) + widthOf('Changying', 14) / 2).toBeLessThanOrEqual(400);
  expect(found?.y).toBeLessThanOrEqual(300 - 7);
});

test('a Chinese letter is as wide as it is high', () => {
  expect(widthOf('朝阳', 14)).toBe(28);
  expect(widthOf('A1', 14)).toBeLessThan(20);
});
