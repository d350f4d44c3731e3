import { expect, test } from 'vitest';

import { InParts, leftBy, type Part } from './in-parts.ts';

/** A service that has time for two reports of a call. */
function slow(codes: Readonly<Record<string, string>> = {}, all: string[] = []) {
  const asked: (string[] | null)[] = [];
  const call = async (ids: string[] | null): Promise<Part> => {
    asked.push(ids);
    const wanted = ids ?? all;
    const left = wanted
      .map((id, place) => ({ id, code: place < 2 ? (codes[id] ?? '') : 'unavailable' }))
      .filter(({ code }) => code !== '');
    return { done: wanted.length - left.length, left };
  };
  return { asked, call };
}

test('what there was no time for is asked for again, by name', async () => {
  const { asked, call } = slow({ b: 'not_read' }, ['a', 'b', 'c', 'd', 'e']);
  const parts = new InParts(null);
  const said: number[] = [];
  await parts.run(call, () => said.push(parts.done));
  expect(asked).toEqual([null, ['c', 'd', 'e'], ['e']]);
  expect(said).toEqual([1, 3, 4]);
  expect(parts.left).toEqual([{ id: 'b', code: 'not_read' }]);
});

test('more than 500 are asked for in parts', async () => {
  const ids = Array.from({ length: 501 }, (_, number) => `r${number}`);
  const sizes: number[] = [];
  const parts = new InParts(ids);
  await parts.run(async (some) => {
    sizes.push(some?.length ?? 0);
    return { done: some?.length ?? 0, left: [] };
  });
  expect(sizes).toEqual([500, 1]);
  expect(parts.done).toBe(501);
});

test('a call that settles nothing is the last one, and what waits is left', async () => {
  const { asked, call } = slow({ a: 'stale_version', b: 'unavailable' });
  const parts = new InParts(['a', 'b']);
  await parts.run(call);
  expect(asked).toHaveLength(1);
  expect(parts.left.map(({ code }) => code)).toEqual(['stale_version', 'unavailable']);
});

test('after a failure it goes on from there', async () => {
  const { asked, call } = slow();
  const parts = new InParts(['a', 'b', 'c']);
  let calls = 0;
  const breaks = (ids: string[] | null) => (calls++ === 1 ? Promise.reject(new Error('offline')) : call(ids));
  await expect(parts.run(breaks)).rejects.toThrow('offline');
  await parts.run(breaks);
  expect(asked).toEqual([['a', 'b', 'c'], ['c']]);
  expect([parts.done, parts.left]).toEqual([3, []]);
});

test('what waits for a second officer is counted over all parts', async () => {
  const parts = new InParts(Array.from({ length: 501 }, (_, number) => `r${number}`));
  await parts.run(async (some) => ({ done: some?.length ?? 0, left: [], waiting: 2 }));
  expect(parts.toConfirm).toBe(4);
});

test('what a step will leave is known from the rows, but not what was never opened', () => {
  const row = { status: 'new', unread: 0, urgency: 'normal' } as const;
  const rows = [
    row,
    { ...row, unread: 1 },
    { ...row, status: 'in_progress' },
    { ...row, urgency: 'critical' },
  ] as const;
  expect(leftBy('acknowledged', rows)).toEqual([
    ['new_message', 1],
    ['illegal_transition', 1],
  ]);
  expect(leftBy('closed', rows)).toEqual([
    ['new_message', 1],
    ['takes_two', 1],
  ]);
  expect(leftBy('message', rows)).toEqual([['new_message', 1]]);
  expect(leftBy('link', rows)).toEqual([]);
});
