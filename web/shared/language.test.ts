import { afterEach, expect, test } from 'vitest';
import { language, preferred, texts } from './language.ts';

afterEach(() => {
  language.value = 'en';
});

test('the first language that we speak is taken', () => {
  expect(preferred(['pt-BR', 'zh-Hant-TW', 'en'])).toBe('zh');
  expect(preferred(['EN-gb', 'zh'])).toBe('en');
});

test('a reader of other languages gets that of the city', () => {
  expect(preferred(['pt-BR', 'fr'])).toBe('en');
  expect(preferred([])).toBe('en');
});

test('texts follow the language', () => {
  const text = texts({ en: { title: 'Report' }, zh: { title: '举报' } });
  language.value = 'zh';
  expect(text().title).toBe('举报');
  language.value = 'en';
  expect(text().title).toBe('Report');
});
