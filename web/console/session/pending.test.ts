import { expect, test } from 'vitest';

import {
  keepPending,
  lockMark,
  markLocked,
  type Store,
  takePending,
  unmarkLocked,
} from './pending.ts';

const SIGN_IN = { state: 's', verifier: 'v', page: '/console/reports/R1', mark: null };

function store(): Store & { kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

test('a sign-in that has begun is taken once', () => {
  const kept = store();
  keepPending(SIGN_IN, kept);
  expect(takePending(kept)).toEqual(SIGN_IN);
  expect(takePending(kept)).toBeNull();
  expect(kept.kept.size).toBe(0);
});

test('what is no sign-in counts as none', () => {
  for (const text of ['', '{', '{}', '{"state":1,"verifier":"v","page":"p"}']) {
    const kept = store();
    kept.setItem('tipline.sign-in', text);
    expect(takePending(kept)).toBeNull();
  }
});

test('a sign-in remembers for which lock it asks for the password', () => {
  const kept = store();
  keepPending({ ...SIGN_IN, mark: 1_790_000_000_000 }, kept);
  expect(takePending(kept)?.mark).toBe(1_790_000_000_000);
});

test('a lock is remembered until somebody signs in', () => {
  const kept = store();
  expect(lockMark(kept)).toBeNull();
  markLocked(0, kept);
  expect(lockMark(kept)).toBe(0);
  unmarkLocked(kept);
  expect(lockMark(kept)).toBeNull();
});

test('of several tabs that are locked, the last password counts', () => {
  const kept = store();
  for (const asked of [1000, 3000, 2000]) markLocked(asked, kept);
  expect(lockMark(kept)).toBe(3000);
});
