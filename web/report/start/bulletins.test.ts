import { expect, test } from 'vitest';

import { shortOf } from './bulletins.tsx';

test('a short text is whole', () => {
  expect(shortOf('A red jacket.', 13)).toBe('A red jacket.');
});

test('a text that is little longer is whole', () => {
  const text = 'A red jacket and jeans, seen at noon';
  expect(shortOf(text, 27)).toBe(text);
  expect(shortOf(text, 26)).toBe('A red jacket and jeans…');
});

test('no word is cut', () => {
  expect(shortOf('A red jacket and jeans', 15)).toBe('A red jacket…');
  expect(shortOf('A red jacket, blue', 13)).toBe('A red jacket…');
  expect(shortOf('A red jacket and', 16)).toBe('A red jacket and');
});

test('Chinese is cut anywhere, but for numbers', () => {
  expect(shortOf('身穿红色外套', 4)).toBe('身穿红色…');
  expect(shortOf('请拨打 12345 热线', 6)).toBe('请拨打…');
});
