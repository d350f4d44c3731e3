import { expect, test } from 'vitest';

import { countOf, filtersOf, NO_FILTERS, queryOf } from './filters.ts';

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

test('what is done is listed by its time, since it needs nobody', () => {
  expect(queryOf({ ...NO_FILTERS, status: 'closed' }, 'li').sort).toBe('newest');
  expect(queryOf({ ...NO_FILTERS, status: 'withdrawn' }, 'li').sort).toBe('newest');
});

test("nobody's reports have no assignee", () => {
  expect(queryOf({ ...NO_FILTERS, whose: 'nobody' }, 'li').assignee).toBe('none');
});

test("a digest's address narrows the list", () => {
  expect(filtersOf('/console/reports?category=other&district=chaoyang')).toEqual({
    ...NO_FILTERS,
    category: 'other',
    district: 'chaoyang',
  });
});

test.each(['/console/', '/console/reports?category=', '/console/reports?category=A%22'])(
  '%s asks for no filter',
  (path) => {
    expect(filtersOf(path)).toBeNull();
  },
);
