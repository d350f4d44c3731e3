import { signal } from '@preact/signals';
import { afterEach, expect, test, vi } from 'vitest';

import type { Api, Me, Pulse } from '../types.ts';
import { Approvals } from './approvals.ts';
import type { Approvable } from './groups.ts';

const MINUTE = 60_000;
const ME: Pick<Me, 'username' | 'roles' | 'approves_from'> = {
  username: 'zhao',
  roles: ['supervisor'],
  approves_from: null,
};
const NOTHING = { declined: null, pending: false, pending_words: null };

afterEach(() => void vi.useRealTimers());

test('those that this officer may approve are counted, and not their own words', async () => {
  const { approvals, beat } = desk([
    bulletin('draft', { pending: true }),
    bulletin('words', { pending_words: { en: 'Thanks.' } }),
    bulletin('own', { pending: true, authors: ['li', 'zhao'] }),
    bulletin('published'),
  ]);
  expect(approvals.count.value).toBe(0);
  await beat();
  expect(approvals.count.value).toBe(2);
});

test('what is read of bulletins for a page needs no call to be counted', async () => {
  const { approvals, asked, beat } = desk([bulletin('draft', { pending: true })]);
  await beat();
  approvals.know([bulletin('other', { pending: true })]);
  expect(approvals.count.value).toBe(2);
  approvals.know([bulletin('draft')]);
  expect([approvals.count.value, asked()]).toEqual([1, 1]);
});

test('a call is made with one pulse in ten minutes, and with none before the first', async () => {
  const { asked, beat } = desk([]);
  expect(asked()).toBe(0);
  await beat();
  for (const minutes of [4, 5]) {
    vi.advanceTimersByTime(minutes * MINUTE);
    await beat();
  }
  expect(asked()).toBe(1);
  vi.advanceTimersByTime(MINUTE);
  await beat();
  expect(asked()).toBe(2);
});

test('whoever may approve nothing asks for nothing: an administrator, or a new account', async () => {
  const admin = desk([], { ...ME, roles: ['admin'] });
  await admin.beat();
  expect(admin.asked()).toBe(0);
  const later = new Date(Date.now() + MINUTE).toISOString();
  const waiting = desk([bulletin('draft', { pending: true })], { ...ME, approves_from: later });
  await waiting.beat();
  waiting.approvals.know([bulletin('draft', { pending: true })]);
  expect([waiting.asked(), waiting.approvals.count.value]).toEqual([0, 0]);
  vi.advanceTimersByTime(MINUTE);
  await waiting.beat();
  expect(waiting.approvals.count.value).toBe(1);
});

function bulletin(id: string, change: Partial<Approvable> = {}): Approvable {
  return { id, authors: ['li'], ...NOTHING, ...change };
}

function desk(items: Approvable[], me = ME) {
  vi.useFakeTimers();
  let calls = 0;
  const get = () => {
    calls += 1;
    return Promise.resolve({ data: { items }, response: new Response() });
  };
  const pulse = signal<Pulse | null>(null);
  const approvals = new Approvals({ GET: get } as unknown as Api, me, { pulse });
  approvals.start();
  /** Let a pulse come, and what it sets off. */
  const beat = async () => {
    pulse.value = {} as Pulse;
    await vi.advanceTimersByTimeAsync(0);
  };
  return { approvals, asked: () => calls, beat };
}
