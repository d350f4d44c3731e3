import { expect, test } from 'vitest';
import { faultsIn } from './days.ts';

const TODAY = '2026-11-24';

test.each([
  ['2026-11-01', '2026-11-24', {}],
  ['2026-11-24', '2026-11-24', {}],
  ['2025-11-23', '2026-11-24', {}],
  ['2025-11-22', '2026-11-24', { since: 'long' }],
  ['2026-11-20', '2026-11-19', { since: 'order' }],
  ['2026-11-20', '2026-11-25', { until: 'future' }],
  ['2026-11-25', '2026-11-26', { since: 'future', until: 'future' }],
  ['', '2026-11-24', { since: 'missing' }],
  ['2026-11-20', '', { until: 'missing' }],
])('of a period from %s to %s what is wrong is said at its end', (since, until, faults) => {
  expect(faultsIn({ since, until }, TODAY)).toEqual(faults);
});
