import { signal } from '@preact/signals';
import { afterEach, expect, test, vi } from 'vitest';

import type { Api, Me, Pulse } from '../types.ts';
import { type Approvable, Approvals, grouped, type ListedBulletin } from './approvals.ts';
import { BULLETIN } from './testing/bulletin.ts';

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
    waitingBulletin('draft', { pending: true }),
    waitingBulletin('words', { pending_words: { en: 'Thanks.' } }),
    waitingBulletin('own', { pending: true, authors: ['li', 'zhao'] }),
    waitingBulletin('published'),
  ]);
  expect(approvals.count.value).toBe(0);
  await beat();
  expect(approvals.count.value).toBe(2);
});

test('what is read of bulletins for a page needs no call to be counted', async () => {
  const { approvals, asked, beat } = desk([waitingBulletin('draft', { pending: true })]);
  await beat();
  approvals.know([waitingBulletin('other', { pending: true })]);
  expect(approvals.count.value).toBe(2);
  approvals.know([waitingBulletin('draft')]);
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
  const waiting = desk([waitingBulletin('draft', { pending: true })], { ...ME, approves_from: later });
  await waiting.beat();
  waiting.approvals.know([waitingBulletin('draft', { pending: true })]);
  expect([waiting.asked(), waiting.approvals.count.value]).toEqual([0, 0]);
  vi.advanceTimersByTime(MINUTE);
  await waiting.beat();
  expect(waiting.approvals.count.value).toBe(1);
});

function waitingBulletin(id: string, change: Partial<Approvable> = {}): Approvable {
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

function bulletin(id: string, change: Partial<ListedBulletin> = {}): ListedBulletin {
  return {
    ...BULLETIN,
    id,
    title: { en: id },
    pending: false,
    created_by: 'li',
    authors: ['li'],
    published_at: null,
    ...change,
  };
}

function ids(items: readonly ListedBulletin[]): string[] {
  return items.map((each) => each.id);
}

test('puts what was declined apart, whoever wrote it', () => {
  const declined = { version: 1, by: 'zhao', at: '2026-11-24T01:30:00.000Z', reason: 'Why.' };
  const found = grouped(
    [
      bulletin('draft', { state: 'draft', declined }),
      bulletin('words', { state: 'resolved', pending_words: { en: 'Over.' }, declined }),
      bulletin('correction', { declined }),
    ],
    'li',
  );
  expect(ids(found.declined)).toEqual(['draft', 'words', 'correction']);
  expect([...found.mine, ...found.others, ...found.published, ...found.ended]).toEqual([]);
});

test('puts what this officer may approve apart from what they wrote', () => {
  const draft = bulletin('draft', { state: 'draft', pending: true });
  const words = bulletin('words', { state: 'resolved', pending_words: { en: 'Thanks' } });
  expect(ids(grouped([draft, words], 'zhao').mine)).toEqual(['draft', 'words']);
  expect(ids(grouped([draft, words], 'li').others)).toEqual(['draft', 'words']);
});

test('lists what ends first at the top of what is published', () => {
  const late = bulletin('late', { expires_at: '2026-12-02T00:00:00.000Z' });
  const soon = bulletin('soon', { expires_at: '2026-12-01T00:00:00.000Z' });
  expect(ids(grouped([late, soon], 'li').published)).toEqual(['soon', 'late']);
});

test('keeps what has ended apart', () => {
  const groups = grouped([bulletin('gone', { state: 'withdrawn' })], 'li');
  expect(ids(groups.ended)).toEqual(['gone']);
});
