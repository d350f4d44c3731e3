import { expect, test } from 'vitest';

import { hasNews, type OwnReport } from './report.ts';

const CLOSED = { status: 'closed', messages: [], passed_on: [], media: [] } as unknown as OwnReport;
const OPEN: OwnReport = { ...CLOSED, status: 'in_progress' };

function answered(report: OwnReport, from: 'officer' | 'reporter'): OwnReport {
  const message = { id: from, from, text: 'Thank you.', sent_at: '', altered: false };
  return { ...report, messages: [...report.messages, message] } as OwnReport;
}

test('what officers do is news', () => {
  expect(hasNews(OPEN, CLOSED, false)).toBe(true);
  expect(hasNews(OPEN, answered(OPEN, 'officer'), false)).toBe(true);
});

test('an own step is no news', () => {
  expect(hasNews(CLOSED, OPEN, true)).toBe(false);
  expect(hasNews(OPEN, answered(OPEN, 'reporter'), true)).toBe(false);
});

test('an answer that comes with an own step is news', () => {
  expect(hasNews(CLOSED, answered(OPEN, 'officer'), true)).toBe(true);
});
