import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { freshOf, PulseWatch } from './pulse.ts';
import type { Api } from './types.ts';

const S = 1_000;
const MINUTE = 60 * S;

/** What the service answers with, null for a fault; and when it was asked. */
let mark: string | null;
let asked: number[];
let slowMs: number;
let watch: PulseWatch;
let page: EventTarget & { visibilityState: string };

beforeEach(() => {
  vi.useFakeTimers();
  page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  vi.stubGlobal('document', page);
  for (const name of ['addEventListener', 'removeEventListener'] as const) {
    vi.stubGlobal(name, page[name].bind(page));
  }
  [mark, asked, slowMs] = ['first', [], 0];
  const get = async () => {
    asked.push(Date.now());
    if (slowMs > 0) await new Promise((answer) => setTimeout(answer, slowMs));
    return mark === null ? {} : { data: { mark } };
  };
  watch = new PulseWatch({ GET: get } as unknown as Api, () => true);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Do something, let time pass, and return when the service was asked, in seconds from then. */
async function after(act: () => void, ms: number): Promise<number[]> {
  const [before, begun] = [asked.length, Date.now()];
  act();
  await vi.advanceTimersByTimeAsync(ms);
  return asked.slice(before).map((at) => (at - begun) / S);
}

/** Start, and wait until nothing happens and an answer has just come. */
async function quiet(): Promise<void> {
  await after(() => watch.start(), 64 * S);
}

test('it is asked every eight seconds for a minute, and then every thirty', async () => {
  const times = await after(() => watch.start(), 3 * MINUTE);
  expect(times).toEqual([0, 8, 16, 24, 32, 40, 48, 56, 64, 94, 124, 154]);
});

test('after a change it is asked every eight seconds for a minute', async () => {
  await quiet();
  const change = () => {
    mark = 'second';
  };
  expect(await after(change, 3 * MINUTE)).toEqual([30, 38, 46, 54, 62, 70, 78, 86, 94, 124, 154]);
});

test('after a step it is asked when the service can know of it', async () => {
  await quiet();
  expect(await after(() => watch.stepped(), 20 * S)).toEqual([2, 10, 18]);
});

test('a step while it is asked is not forgotten', async () => {
  await quiet();
  const stepMeanwhile = () => {
    page.dispatchEvent(new Event('visibilitychange'));
    watch.stepped();
  };
  expect(await after(stepMeanwhile, 9 * S)).toEqual([0, 2]);
});

test('an answer that comes long after a step ends nothing', async () => {
  await quiet();
  slowMs = 5 * S;
  const stepMeanwhile = () => {
    watch.look('report');
    watch.stepped();
  };
  expect(await after(stepMeanwhile, 20 * S)).toEqual([0, 13]);
});

test('it is asked at once when a report is opened or the page is looked at', async () => {
  await quiet();
  for (const look of [
    () => void page.dispatchEvent(new Event('visibilitychange')),
    () => void page.dispatchEvent(new Event('focus')),
    () => watch.look('report'),
  ]) {
    expect(await after(look, S)).toEqual([0]);
  }
});

test('a page that is not in sight asks for nothing', async () => {
  await quiet();
  page.visibilityState = 'hidden';
  const act = () => {
    watch.stepped();
    page.dispatchEvent(new Event('focus'));
  };
  expect(await after(act, MINUTE)).toEqual([]);
});

test('after a fault it is asked thirty seconds later, whatever happens', async () => {
  await quiet();
  mark = null;
  expect(await after(() => watch.look('report'), 59 * S)).toEqual([0, 30]);
  expect(watch.failing.value).toBe(true);
  const recover = () => {
    mark = 'second';
  };
  expect(await after(recover, 30 * S)).toEqual([1, 9, 17, 25]);
  expect(watch.failing.value).toBe(false);
});

test('critical reports are fresh until they are seen, or somebody has acknowledged them', () => {
  expect(freshOf(0, 3, 3)).toBe(0);
  expect(freshOf(0, 3, 5)).toBe(2);
  expect(freshOf(2, 5, 6)).toBe(3);
  expect(freshOf(2, 5, 1)).toBe(1);
  expect(freshOf(2, 5, 0)).toBe(0);
});
