import { expect, test } from 'vitest';

import { isNumber, isReference } from './find.tsx';

test.each(['K7Q2-M9XT', 'k7q2 m9xt', 'K7Q2M9XT', '\u202aK7Q2\u2011M9XT\u202c'])('%s is a reference', (text) => {
  expect(isReference(text)).toBe(true);
});

test.each(['K7Q2', '京A12345', 'K7Q2-M9XT-1'])('%s is no reference', (text) => {
  expect(isReference(text)).toBe(false);
});

test.each(['京A12345', 'A 12345', '+86 138 0013 8000', '１３８００１３８０００'])(
  '%s is a number',
  (text) => {
    expect(isNumber(text)).toBe(true);
  },
);

test.each(['Wang', '12', 'a blue coat'])('%s is no number', (text) => {
  expect(isNumber(text)).toBe(false);
});
