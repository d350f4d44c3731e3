import { afterEach, expect, test } from 'vitest';

import { language } from '../../shared/language.ts';
import { rememberLanguage } from './language.ts';

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
