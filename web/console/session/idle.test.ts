import { expect, test } from 'vitest';

import { IdleClock, LOCK_AFTER_MS, WARN_AFTER_MS } from './idle.ts';

const MINUTE = 60_000;

test('a screen warns first, and then locks', () => {
  const clock = new IdleClock(0);
  expect(clock.phase(WARN_AFTER_MS - 1)).toBe('active');
  expect(clock.phase(WARN_AFTER_MS)).toBe('warning');
  expect(clock.secondsLeft(WARN_AFTER_MS)).toBe(120);
  expect(clock.phase(LOCK_AFTER_MS - 1)).toBe('warning');
  expect(clock.phase(LOCK_AFTER_MS)).toBe('locked');
});

test('whoever does something has the whole time again', () => {
  const clock = new IdleClock(0);
  clock.touch(14 * MINUTE);
  expect(clock.phase(15 * MINUTE)).toBe('active');
  expect(clock.phase(29 * MINUTE)).toBe('locked');
});

test('a machine that slept is locked, although nothing looked at the clock meanwhile', () => {
  const clock = new IdleClock(0);
  clock.touch(8 * 60 * MINUTE);
  expect(clock.phase(8 * 60 * MINUTE)).toBe('locked');
});

test('only a new sign-in unlocks', () => {
  const clock = new IdleClock(0);
  clock.lock();
  clock.touch(1);
  expect(clock.phase(1)).toBe('locked');
  clock.unlock(2);
  expect(clock.phase(3)).toBe('active');
});
