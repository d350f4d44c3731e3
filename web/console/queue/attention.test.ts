import { expect, test } from 'vitest';

import type { ListedReport } from '../types.ts';
import { byAttention } from './attention.ts';

type Ranked = Parameters<typeof byAttention>[0];

function report(received: string, more: Partial<ListedReport> = {}): Ranked {
  return {
    status: 'new',
    urgency: 'normal',
    flags: [],
    unread: 0,
    source: null,
    received_at: `2026-07-01T${received}:00Z`,
    ...more,
  };
}

test('critical reports come first, then overdue, unread and open ones', () => {
  const open = report('08:00');
  const unread = report('09:00', { status: 'acknowledged', unread: 1 });
  const overdue = report('10:00', { flags: ['overdue'] });
  const critical = report('11:00', { urgency: 'critical' });
  expect([open, unread, overdue, critical].sort(byAttention)).toEqual([
    critical,
    overdue,
    unread,
    open,
  ]);
});

test('of one rank the oldest comes first', () => {
  const [older, newer] = [report('08:00'), report('09:00')];
  expect([newer, older].sort(byAttention)).toEqual([older, newer]);
});

test('a critical report that is acknowledged, and a drill, stand with the open ones', () => {
  const open = report('08:00');
  const known = report('09:00', { urgency: 'critical', status: 'acknowledged' });
  const drill = report('10:00', { urgency: 'critical', source: 'drill' });
  expect([drill, known, open].sort(byAttention)).toEqual([open, known, drill]);
});
