import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type End, endText, fixedText } from './end-text.ts';

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
