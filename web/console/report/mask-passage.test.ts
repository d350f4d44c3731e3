import { expect, test } from 'vitest';

import { passageOf, textsOf } from './mask-passage.ts';

test('a place is counted in code points, as the API counts', () => {
  const text = '😀 Chen Wei';
  expect(passageOf(text, { key: 'text', start: 3, end: 7 })).toEqual({ start: 2, passage: 'Chen' });
});

test('only what has words can be masked', () => {
  const report = {
    text: null,
    location: null,
    answers: [
      { name: 'age', label: 'Age', value: 80 },
      { name: 'clothing', label: 'Clothing', value: 'a blue coat' },
    ],
    messages: [],
    notes: [{ id: 'N1', by: 'wang', text: 'Ask her.', at: '2026-11-24T00:00:00.000Z' }],
  };
  expect(textsOf(report).map(({ key }) => key)).toEqual(['detail:clothing', 'note:N1']);
});
