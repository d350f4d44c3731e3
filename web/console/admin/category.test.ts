import { expect, test } from 'vitest';
import { categoryOf, mistakesIn, NEW_CATEGORY, NEW_QUESTION, optionsOf, type Written } from './category.ts';

const NOISE: Written = {
  ...NEW_CATEGORY,
  code: 'noise',
  labels: { zh: '噪音', en: 'Noise' },
};

test('makes a category without questions', () => {
  expect(categoryOf(NOISE)).toEqual({
    code: 'noise',
    labels: { zh: '噪音', en: 'Noise' },
    urgency: 'normal',
    emergency: false,
    blur: false,
    details: [],
  });
});

test('sends of a question only what its kind has', () => {
  const labels = { zh: '几点', en: 'When' };
  const questions = [
    { ...NEW_QUESTION, name: 'since', labels, type: 'time' as const },
    { ...NEW_QUESTION, name: 'loud', labels, type: 'choice' as const, options: 'very,很,Very' },
  ];
  expect(categoryOf({ ...NOISE, questions }).details).toEqual([
    { name: 'since', labels, type: 'time' },
    {
      name: 'loud',
      labels,
      type: 'choice',
      options: [{ code: 'very', labels: { zh: '很', en: 'Very' } }],
    },
  ]);
});

test('finds what is missing', () => {
  expect(mistakesIn(NOISE)).toEqual([]);
  const questions = [{ ...NEW_QUESTION, name: 'Loud', labels: { zh: '响', en: 'Loud' } }];
  expect(mistakesIn({ ...NOISE, code: '1', labels: { zh: '噪音' }, questions })).toEqual([
    { field: 'code' },
    { field: 'en' },
    { field: 'code', question: 1 },
  ]);
  const open = [
    { ...NEW_QUESTION, name: 'loud', labels: NOISE.labels, type: 'choice' as const },
    { ...NEW_QUESTION, name: 'many', labels: NOISE.labels, type: 'integer' as const, minimum: 101 },
  ];
  expect(mistakesIn({ ...NOISE, questions: open })).toEqual([
    { field: 'options', question: 1 },
    { field: 'maximum', question: 2 },
  ]);
});

test('reads options with Chinese or Latin commas', () => {
  expect(optionsOf('a，甲，A\n\nb, 乙, B')?.map((each) => each.code)).toEqual(['a', 'b']);
  expect(optionsOf('a,甲')).toBeNull();
  expect(optionsOf('')).toBeNull();
});
