import { afterEach, expect, test } from 'vitest';

import { labelled, listed, sentences } from './joined.ts';
import { language } from './language.ts';

const before = language.value;

afterEach(() => {
  language.value = before;
});

test('Chinese has signs of its own, without spaces', () => {
  language.value = 'zh';
  expect(labelled('回执', 'A')).toBe('回执：A');
  expect(labelled('孩子大约几岁？', '请填整数。')).toBe('孩子大约几岁？请填整数。');
  expect(listed(['照片 1', '照片 2'])).toBe('照片 1、照片 2');
  expect(sentences('已保存。', '', '请再试。')).toBe('已保存。请再试。');
});

test('English has a space after each sign', () => {
  language.value = 'en';
  expect(labelled('Receipt', 'A')).toBe('Receipt: A');
  expect(labelled('How old?', 'Enter a number.')).toBe('How old? Enter a number.');
  expect(listed(['Photo 1', 'Photo 2'])).toBe('Photo 1, Photo 2');
  expect(sentences('Saved.', '', 'Again.')).toBe('Saved. Again.');
});
