import { expect, test } from 'vitest';

import { hasNews, type OwnReport, whyKept } from './report.ts';

const CLOSED = { status: 'closed', messages: [], passed_on: [], masks: [], media: [] } as unknown as OwnReport;
const OPEN: OwnReport = { ...CLOSED, status: 'in_progress' };

function answered(report: OwnReport, from: 'officer' | 'reporter'): OwnReport {
  const message = { id: from, from, text: 'Thank you.', sent_at: '', altered: false };
  return { ...report, messages: [...report.messages, message] } as OwnReport;
}

test('what officers do is news', () => {
  expect(hasNews(OPEN, CLOSED, false)).toBe(true);
  expect(hasNews(OPEN, answered(OPEN, 'officer'), false)).toBe(true);
});

test('words that were masked are news', () => {
  expect(hasNews(OPEN, { ...OPEN, masks: [{} as never] }, false)).toBe(true);
});

test('an own step is no news', () => {
  expect(hasNews(CLOSED, OPEN, true)).toBe(false);
  expect(hasNews(OPEN, answered(OPEN, 'reporter'), true)).toBe(false);
});

test('an answer that comes with an own step is news', () => {
  expect(hasNews(CLOSED, answered(OPEN, 'officer'), true)).toBe(true);
});

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
