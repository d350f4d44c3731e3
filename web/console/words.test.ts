import { expect, test } from 'vitest';

import { language } from '../shared/language.ts';
import { text } from './parts/many-texts.ts';
import { spaced } from './words.ts';

test('a Latin name in a Chinese sentence has spaces around it', () => {
  expect(spaced('只有Officer Li可以继续。')).toBe('只有 Officer Li 可以继续。');
});

test('a Chinese name has none, and none stands beside a full stop', () => {
  expect(spaced('只有李伟可以继续。')).toBe('只有李伟可以继续。');
  expect(spaced('由Li。')).toBe('由 Li。');
});

test('what somebody wrote ends a Chinese sentence once', () => {
  language.value = 'zh';
  expect(text().willRead('已处理')).toBe('其举报人会看到：“已处理”。');
  expect(text().willRead('已处理。')).toBe('其举报人会看到：“已处理。”');
  expect(text().willWrite('谢谢！', 2)).toContain('“谢谢！”发出后');
});
