import { expect, test } from 'vitest';

import { countOf, NO_FILTERS, queryOf } from './filters.ts';

test('without filters only the order is sent', () => {
  expect(queryOf(NO_FILTERS, 'li')).toEqual({ sort: 'attention' });
  expect(countOf(NO_FILTERS)).toBe(0);
});

test('each filter is sent in the words of the API', () => {
  const filters = {
    ...NO_FILTERS,
    category: 'other',
    status: 'new' as const,
    whose: 'me' as const,
    unread: true,
    needsAction: true,
  };
  expect(queryOf(filters, 'li')).toEqual({
    sort: 'attention',
    category: 'other',
    status: 'new',
    assignee: 'li',
    unread: true,
    needs_action: true,
  });
  expect(countOf(filters)).toBe(5);
});

test("nobody's reports have no assignee", () => {
  expect(queryOf({ ...NO_FILTERS, whose: 'nobody' }, 'li').assignee).toBe('none');
});
