import { expect, test } from 'vitest';

import { passwordProblem } from './password.ts';

test('without a lock no password has to be typed', () => {
  expect(passwordProblem(null, null, 1000)).toBeNull();
  // Another tab was unlocked meanwhile.
  expect(passwordProblem(null, 1000, 1000)).toBeNull();
});

test('a lock opens for a password that was typed later, and not for the one before', () => {
  expect(passwordProblem(1000, 1000, 2000)).toBeNull();
  expect(passwordProblem(1000, 1000, 1000)).toBe('not_asked');
});

test('a sign-in that began before the lock does not open it, however new its password is', () => {
  expect(passwordProblem(1000, null, 2000)).toBe('locked_meanwhile');
  expect(passwordProblem(3000, 1000, 4000)).toBe('locked_meanwhile');
});

test('an issuer that does not say when it asked is trusted, if it was to ask', () => {
  expect(passwordProblem(0, null, null)).toBe('locked_meanwhile');
  expect(passwordProblem(0, 0, null)).toBeNull();
});
