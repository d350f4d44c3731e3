import { expect, test } from 'vitest';

import { filled, gaps, languageIn } from './fixed-texts.ts';

const TEXT = 'Is the person ({reference}) still at {place}? Call {emergency_number}. {place}?';

test('what is known is filled in', () => {
  expect(filled(TEXT, { reference: 'K7Q2-M9XT', place: null, emergency_number: '110' })).toBe(
    'Is the person (K7Q2-M9XT) still at {place}? Call 110. {place}?',
  );
});

test('each gap is named once', () => {
  expect(gaps(TEXT)).toEqual(['{reference}', '{place}', '{emergency_number}']);
  expect(gaps('Nothing in {braces here} counts')).toEqual([]);
});

test('a text is in the language of most of its words', () => {
  expect(languageIn('An old man in a grey coat.')).toBe('en');
  expect(languageIn('一位穿灰色外套的老人。')).toBe('zh');
});

test('a name in the other language does not change that', () => {
  expect(languageIn('A grey van near 三里屯 drove away with a boy.')).toBe('en');
  expect(languageIn('一辆白色的 BMW X5 停在路口')).toBe('zh');
});

test('without words there is no language', () => {
  expect(languageIn('')).toBeNull();
  expect(languageIn('13800138000')).toBeNull();
});
