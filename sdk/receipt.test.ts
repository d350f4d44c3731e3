import { expect, test } from 'vitest';

import { readReceipt, receiptFault, showReceipt } from './receipt.ts';

const RECEIPT = '4J8ZT0W6QK2N9XVB5M3HCRY7EG';

test.each([
  RECEIPT,
  RECEIPT.toLowerCase(),
  '4J8Z T0W6 QK2N 9XVB 5M3H CRY7 EG',
  ' 4j8z-t0w6-qk2n–9xvb·5m3h.cry7/eg\n',
  '4J8ZTOW6QK2N9XVB5M3HCRY7EG',
  '４Ｊ８ＺＴ０Ｗ６ＱＫ２Ｎ９ＸＶＢ５Ｍ３ＨＣＲＹ７ＥＧ',
])('a receipt is read as people type it: %s', (typed) => {
  expect(readReceipt(typed)).toBe(RECEIPT);
  expect(receiptFault(readReceipt(typed))).toBeNull();
});

test.each(['Receipt: ', 'My receipt (secret): ', 'receipt ', '回执：', '我的回执 '])(
  'a receipt is read without the label that was pasted with it: %s',
  (label) => {
    const whole = '4J8Z T0W6 QK2N 9XVB 5M3H CRY7 EG';
    expect(readReceipt(`${label}${whole}`)).toBe(RECEIPT);
    expect(readReceipt(`${label}4J8Z T0W6`)).toBe('4J8ZT0W6');
    expect(receiptFault(readReceipt(`${label}${whole} 5`))).toBe('length');
    expect(receiptFault(readReceipt(`${label}${whole.replace('4', 'U')}`))).toBe('letters');
  },
);

test('I and L are read as 1', () => {
  expect(readReceipt('iIlL')).toBe('1111');
});

test('what is too short or has a wrong letter is not asked for', () => {
  expect(receiptFault(RECEIPT.slice(1))).toBe('length');
  expect(receiptFault(`${RECEIPT}0`)).toBe('length');
  expect(receiptFault(RECEIPT.replace('4', 'U'))).toBe('letters');
});

test('a receipt is shown in groups that read back as the same', () => {
  const shown = showReceipt(RECEIPT);
  expect(shown).toBe('4J8Z T0W6 QK2N 9XVB 5M3H CRY7 EG');
  expect(readReceipt(shown)).toBe(RECEIPT);
});
