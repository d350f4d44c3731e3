import { expect, test } from 'vitest';

import { spaced } from './words.ts';

test('a Latin name in a Chinese sentence has spaces around it', () => {
  expect(spaced('只有Officer Li可以继续。')).toBe('只有 Officer Li 可以继续。');
});

test('a Chinese name has none, and none stands beside a full stop', () => {
  expect(spaced('只有李伟可以继续。')).toBe('只有李伟可以继续。');
  expect(spaced('由Li。')).toBe('由 Li。');
});
