import { expect, test } from 'vitest';

import { routeOf } from './router.ts';

test.each([
  ['/console/', { page: 'queue' }],
  ['/console', { page: 'queue' }],
  ['/console/reports/', { page: 'queue' }],
  ['/console/reports/7H2K9QXW3M5R8T1V4Y6Z0ABCDE', { page: 'report', id: '7H2K9QXW3M5R8T1V4Y6Z0ABCDE' }],
  ['/console/bursts/other.2026-11-29T20', { page: 'burst', id: 'other.2026-11-29T20' }],
  ['/console/incidents/6W2Y8T0ZQ4N7KX3M', { page: 'incident', id: '6W2Y8T0ZQ4N7KX3M' }],
  ['/console/new', { page: 'entry' }],
  ['/console/search?from=elsewhere', { page: 'search' }],
  ['/console/exports/E1', { page: 'export', id: 'E1' }],
  ['/console/requests/20261124-7H2K9Q', { page: 'request', id: '20261124-7H2K9Q' }],
  ['/console/bulletins', { page: 'bulletins', id: null }],
  ['/console/bulletins/B1', { page: 'bulletins', id: 'B1' }],
  ['/console/admin', { page: 'admin', part: null }],
  ['/console/admin/officers/wang.li', { page: 'admin', part: 'officers/wang.li' }],
])('%s is a page', (path, route) => {
  expect(routeOf(path)).toEqual(route);
});

test.each([
  '/console/elsewhere',
  '/consoles/',
  '/',
  '/console/reports/../admin',
  '/console/reports/%3Cscript%3E',
  '/console/bursts/other',
])('%s is no page', (path) => {
  expect(routeOf(path)).toEqual({ page: 'unknown' });
});
