import { expect, test } from 'vitest';

import { offeredOf } from './work.tsx';

const one = { reference: 'P3XW-8K2D', status: 'new' as const };

test('what an officer has taken out of an incident is not offered to it again', () => {
  const found = { count: 60, items: ['a', 'b', 'c'].map((id) => ({ ...one, id })) };
  const offered = offeredOf(found, 'this', new Set(['this b', 'other c']));
  expect(offered.ids).toEqual(['a', 'c']);
  expect(offered.count).toBe(59);
});
