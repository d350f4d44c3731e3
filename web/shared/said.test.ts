import { expect, test } from 'vitest';

import { wordsOf } from './said.ts';

test('what the API said is gone in another language', () => {
  const said = { words: 'Too long.', language: 'en' } as const;
  expect(wordsOf<string | null>(said, null, 'en')).toBe('Too long.');
  expect(wordsOf<string | null>(said, null, 'zh')).toBeNull();
});

test('what the page says follows the language', () => {
  let language: 'en' | 'zh' = 'en';
  const said = { words: () => (language === 'en' ? 'Too long.' : '太长。'), language };
  language = 'zh';
  expect(wordsOf(said, '', language)).toBe('太长。');
});
