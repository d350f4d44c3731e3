import { expect, test } from 'vitest';

import { placeIn } from './preview.tsx';

const NAMES = { zh: '海淀区', en: 'Haidian' };

function place(text: string, language: 'zh' | 'en'): string {
  return placeIn({ district: 'haidian', text }, () => NAMES[language], language);
}

// Those of the API, in tests/unit/test_bulletins.py.
test.each([
  ['A gate', '海淀区 A gate', 'A gate, Haidian'],
  ['11 号院', '海淀区 11 号院', '11 号院, Haidian'],
  ['颐和园 E', '海淀区颐和园 E', '颐和园 E, Haidian'],
  ['“老地方”', '海淀区“老地方”', '“老地方”, Haidian'],
  ['Парк', '海淀区 Парк', 'Парк, Haidian'],
  ['海淀区北门', '海淀区北门', '海淀区北门, Haidian'],
])('a place reads in both languages as the API has it: %s', (text, zh, en) => {
  expect([place(text, 'zh'), place(text, 'en')]).toEqual([zh, en]);
});

test('two Latin names in a Chinese text are two words', () => {
  expect(placeIn({ district: 'x', text: 'Park' }, () => 'Chaoyang', 'zh')).toBe('Chaoyang Park');
});
