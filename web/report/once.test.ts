import { expect, test } from 'vitest';

import { goesOn, once } from './once.ts';

test('what goes on is not begun again, and can be when it has ended', async () => {
  let [times, end] = [0, (): void => {}];
  const work = (): Promise<void> => {
    times += 1;
    return new Promise((resolve) => {
      end = resolve;
    });
  };
  const first = once('one', work);
  await once('one', work);
  expect([times, goesOn('one'), goesOn('other')]).toEqual([1, true, false]);
  end();
  await first;
  expect(goesOn('one')).toBe(false);
  void once('one', work);
  expect(times).toBe(2);
});

test('what fails says so, and can be done again', async () => {
  const fails = once('two', () => Promise.reject(new Error('no room')));
  await expect(fails).rejects.toThrow('no room');
  expect(goesOn('two')).toBe(false);
});
