import { expect, test } from 'vitest';

import { hintOf, stepsOf } from './next-step.tsx';

const PROPOSAL = {
  disposition: 'malicious' as const,
  by: 'li',
  at: '2026-11-24T00:31:00.000Z',
  duplicate_of: null,
  tag: '"read"',
};

test('the obvious step leads from new to closed', () => {
  const first = (status: 'new' | 'acknowledged' | 'in_progress') =>
    stepsOf({ status, proposal: null }, 'li')[0];
  expect(first('new')).toEqual({ kind: 'status', to: 'acknowledged' });
  expect(first('acknowledged')).toEqual({ kind: 'status', to: 'in_progress' });
  expect(first('in_progress')).toEqual({ kind: 'close' });
});

test('nothing follows a withdrawal', () => {
  expect(stepsOf({ status: 'withdrawn', proposal: null }, 'li')).toEqual([]);
});

test('a proposal is confirmed by anybody but its author', () => {
  const kinds = (username: string) =>
    stepsOf({ status: 'acknowledged', proposal: PROPOSAL }, username).map(({ kind }) => kind);
  expect(kinds('zhao')).toEqual(['confirm', 'decline', 'status']);
  expect(kinds('li')).toEqual(['status', 'close', 'takeBack']);
});

test('a proposal that is known by an own step alone is not confirmed', () => {
  const { tag: _, ...proposal } = PROPOSAL;
  expect(stepsOf({ status: 'new', proposal }, 'zhao')[0]?.kind).toBe('decline');
});

test('while an end waits, no step is said to end the reminders', () => {
  for (const step of ['acknowledge', 'acknowledgeTake'] as const) {
    expect(hintOf(step, false)).toContain('no more reminders');
    expect(hintOf(step, true)).toBeTruthy();
    expect(hintOf(step, true)).not.toContain('reminders');
  }
  expect(hintOf('in_progress', true)).toBe(hintOf('in_progress', false));
});
