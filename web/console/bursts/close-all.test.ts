import { expect, test } from 'vitest';

import { closeAll } from './close-all.ts';

const pauses = async () => undefined;

function service(...parts: ([ended: number, complete: boolean] | Error)[]) {
  let calls = 0;
  const closePart = async () => {
    const part = parts[Math.min(calls++, parts.length - 1)];
    if (part === undefined || part instanceof Error) throw part;
    return { ended: part[0], is_complete: part[1] };
  };
  return { closePart, calls: () => calls };
}

test('the call is repeated until all is closed, and each part is said', async () => {
  const { closePart, calls } = service([200, false], [200, false], [12, true]);
  const said: number[] = [];
  expect(await closeAll(closePart, (closed) => said.push(closed), pauses)).toBe(true);
  expect(said).toEqual([200, 400, 412]);
  expect(calls()).toBe(3);
});

test('what was closed before a failure is said', async () => {
  const { closePart } = service([200, false], new Error('offline'));
  const said: number[] = [];
  const closing = closeAll(closePart, (closed) => said.push(closed), pauses);
  await expect(closing).rejects.toThrow('offline');
  expect(said).toEqual([200]);
});

test('a call that closes nothing is repeated a few times, and not for ever', async () => {
  const slow = service([0, false], [0, false], [5, true]);
  expect(await closeAll(slow.closePart, () => undefined, pauses)).toBe(true);
  const stuck = service([0, false]);
  expect(await closeAll(stuck.closePart, () => undefined, pauses)).toBe(false);
  expect(stuck.calls()).toBe(5);
});
