import { afterEach, expect, test } from 'vitest';

import { labelled, language, listed, preferred, sentences, texts, wordsOf } from './language.ts';

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

test('what the API said is gone in another language', () => {
  const said = { words: 'Too long.', language: 'en' } as const;
  expect(wordsOf<string | null>(said, null, 'en')).toBe('Too long.');
  expect(wordsOf<string | null>(said, null, 'zh')).toBeNull();
});

test('what the page says follows the language', () => {
  let language: 'en' | 'zh' = 'en';
  const said = { words: () => (language === 'en' ? 'Too long.' : '太长。'), language };
  language = 'zh';
  expect(wordsOf(said, '', language)).toBe('太长。');
});
