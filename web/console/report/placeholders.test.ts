import { expect, test } from 'vitest';

import { filled, gaps } from './placeholders.ts';

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
