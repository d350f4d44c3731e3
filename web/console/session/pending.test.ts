import { afterEach, expect, test } from 'vitest';

import { language } from '../../shared/language.ts';
import {
  keepPending,
  lockMark,
  markLocked,
  passwordProblem,
  rememberLanguage,
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

const before = language.value;
let stop = () => {};

afterEach(() => {
  stop();
  language.value = before;
});

test('a language that was chosen is that of the next page in the tab', () => {
  const kept = new Map<string, string>();
  open(kept);
  language.value = 'zh';
  close();
  open(kept);
  expect(language.value).toBe('zh');
  language.value = 'en';
  close();
  open(kept);
  expect(language.value).toBe('en');
});

test('nothing is stored before somebody chooses', () => {
  const kept = new Map<string, string>();
  open(kept);
  expect(kept.size).toBe(0);
});

test('what is no language changes nothing', () => {
  open(new Map([['tipline.language', 'pt']]));
  expect(language.value).toBe('en');
});

function open(kept: Map<string, string>): void {
  stop = rememberLanguage({
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
  });
}

/** The page is gone, and the next one begins with the language of the browser. */
function close(): void {
  stop();
  language.value = 'en';
}
