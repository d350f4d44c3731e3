import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

import { type End, endIfApproved, endText, fixedText } from './end.ts';

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

function textsOfTheApi(language: string): Record<string, string> {
  const file = new URL(`../../../chalicelib/kernel/texts/${language}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
}

test.each(['zh', 'en'] as const)('the fixed texts are those of the API, in %s', (language) => {
  const said = Object.entries(textsOfTheApi(language)).flatMap(([key, text]) => {
    const [, state, code] = /^bulletin\.(resolved|withdrawn)\.(\w+)$/.exec(key) ?? [];
    return state && code ? [{ end: { state, code } as End, text }] : [];
  });
  expect(said).toHaveLength(6);
  for (const { end, text } of said) expect(fixedText(end, language)).toBe(text);
});

test('words follow the fixed text, in the languages that have any', () => {
  const end = { state: 'resolved', code: 'found' } as const;
  const words = { en: 'By a neighbour.' };
  expect(endText(end, words, 'en')).toBe('Found. The search is over.\nBy a neighbour.');
  expect(endText(end, words, 'zh')).toBe('已找到，寻找工作结束。');
});
