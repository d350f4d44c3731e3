import { expect, test } from 'vitest';

import { isMarkedLocked, keepPending, markLocked, takePending, type Store } from './pending.ts';

const SIGN_IN = { state: 's', verifier: 'v', page: '/console/reports/R1' };

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

test('a lock is remembered until somebody signs in', () => {
  const kept = store();
  markLocked(true, kept);
  expect(isMarkedLocked(kept)).toBe(true);
  markLocked(false, kept);
  expect(isMarkedLocked(kept)).toBe(false);
});
