import { expect, test } from 'vitest';

import { whyKept } from './closing.ts';

const RECEIPT = '0'.repeat(26);
const filed = { receipt: RECEIPT, confirmed: false, category: 'other' };
const added = { ...filed, category: '' };

test('a receipt that nobody has confirmed is kept for that', () => {
  expect(whyKept([filed], RECEIPT)).toBe('unconfirmed');
  expect(whyKept([added, filed], RECEIPT)).toBe('unconfirmed');
});

test('one that is confirmed is kept as long as files are not sent', () => {
  expect(whyKept([{ ...filed, confirmed: true }], RECEIPT)).toBe('files');
  expect(whyKept([added], RECEIPT)).toBe('files');
});

test('one that was typed in is not kept, whatever other reports are on the device', () => {
  expect(whyKept([], RECEIPT)).toBeNull();
  expect(whyKept([{ ...filed, receipt: '1'.repeat(26) }], RECEIPT)).toBeNull();
  expect(whyKept([{ confirmed: false, category: 'other' }], null)).toBeNull();
});
