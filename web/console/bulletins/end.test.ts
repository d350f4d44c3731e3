import { expect, test } from 'vitest';
import { endIfApproved } from './end.ts';

const NOW = Date.parse('2026-11-01T00:00:00Z');

test('without a date it stands as long as is usual for whom it is about', () => {
  const days = (about: 'child' | 'elderly' | 'other') =>
    endIfApproved({ about, expires_at: null }, NOW).slice(0, 10);
  expect(days('child')).toBe('2026-11-04');
  expect(days('elderly')).toBe('2026-11-08');
  expect(days('other')).toBe('2026-12-01');
});

test('a date counts, but none beyond the longest time', () => {
  const end = (asked: string) => endIfApproved({ about: 'elderly', expires_at: asked }, NOW);
  expect(end('2026-11-03T00:00:00.000Z')).toBe('2026-11-03T00:00:00.000Z');
  expect(end('2026-12-03T00:00:00.000Z')).toBe('2026-11-08T00:00:00.000Z');
});
