import { expect, test } from 'vitest';

import { endOfDay, heldUntil, keptUntil } from './hold.tsx';

const NOW = Date.parse('2026-11-26T12:00:00Z');
const KEPT = '2027-02-24T00:00:00Z';
const LONGER = '2027-06-01T00:00:00Z';

function held(until: string, by: string | null = 'zhao') {
  return { until, approved_by: by } as never;
}

test('a hold that is approved and longer says until when the report is kept', () => {
  expect(keptUntil({ hold: held(LONGER), kept_until: KEPT }, NOW)).toEqual({
    until: LONGER,
    isHeld: true,
  });
  expect(keptUntil({ hold: held(LONGER), kept_until: null }, NOW)?.isHeld).toBe(true);
});

test('a hold that waits, is shorter or is over changes nothing', () => {
  const kept = { until: KEPT, isHeld: false };
  expect(keptUntil({ hold: held(LONGER, null), kept_until: KEPT }, NOW)).toEqual(kept);
  expect(keptUntil({ hold: held('2026-12-01T00:00:00Z'), kept_until: KEPT }, NOW)).toEqual(kept);
  expect(keptUntil({ hold: null, kept_until: null }, NOW)).toBeNull();
  expect(heldUntil({ hold: held('2026-11-01T00:00:00Z') }, NOW)).toBeNull();
});

test('a day ends by the city’s clocks; no day, and one that is over, has no end', () => {
  expect(endOfDay('', NOW)).toBeNull();
  expect(endOfDay('2026-11-01', NOW)).toBeNull();
  expect(endOfDay('2027-06-01', NOW)).toBe('2027-06-01T15:59:59.000Z');
});
