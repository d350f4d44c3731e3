import 'fake-indexeddb/auto';
import { expect } from 'vitest';

import { picture, video } from './testing/files.ts';
import { FakeChannels, FakeLocks } from './testing/pages.ts';
import { type Phone, test } from './testing/phone.ts';
import type { Draft, Outbox } from './types.ts';

function draft(text: string, files: File[] = []): Draft {
  return { report: { category: 'other', text }, files, keep: { place: false, time: false } };
}

async function twoPages(phone: Phone): Promise<[Outbox, Outbox]> {
  const [locks, channels] = [new FakeLocks() as unknown as LockManager, new FakeChannels()];
  const open = () => phone.open(Infinity, { locks, channel: channels.open() });
  return [await open(), await open()];
}

function states(outbox: Outbox): string[] {
  return outbox.entries.value.map(({ state }) => state);
}

test('two pages send everything once, and both see it', async ({ phone }) => {
  const [one, other] = await twoPages(phone);
  await Promise.all([
    one.add(draft('first', [picture(), video(300)])),
    other.add(draft('second', [picture(), video(300)])),
  ]);
  const done = () => [one, other].every((page) => states(page).join() === 'sent,sent');
  await phone.until(done);
  expect(done()).toBe(true);
  expect(phone.server.calls.filter((call) => call === 'POST /v1/reports')).toHaveLength(2);
  // Each photo, and its reduced picture.
  expect(phone.server.calls.filter((call) => call.startsWith('POST storage'))).toHaveLength(4);
  expect(phone.server.twice).toBe(0);
});

test('a text written in another page does not wait for a video of this one', async ({ phone }) => {
  const [one, other] = await twoPages(phone);
  const never = new Promise<never>(() => {});
  phone.server.upload = () => never;
  await one.add(draft('with a video', [video(300)]));
  await phone.until(() => one.entries.value[0]?.files[0]?.state === 'uploading');
  await other.add(draft('in a hurry'));
  await phone.until(() => phone.server.reports.length === 2);
  expect(phone.server.reports).toHaveLength(2);
});

test('what is erased in one page is not sent any further by the other', async ({ phone }) => {
  const [one, other] = await twoPages(phone);
  let stopped = false;
  phone.server.upload = ({ signal }) =>
    new Promise((_, reject) =>
      signal.addEventListener('abort', () => {
        stopped = true;
        reject(new Error('stopped'));
      }),
    );
  await one.add(draft('with a video', [video(300)]));
  await phone.until(() => one.entries.value[0]?.files[0]?.state === 'uploading');
  await phone.until(() => other.entries.value.length === 1);
  await other.erase(other.entries.value[0]?.id ?? '');
  await phone.until(() => stopped && !one.entries.value.length);
  expect(stopped).toBe(true);
  expect(one.entries.value).toEqual([]);
});

test('what one page could not send, and the other has sent, is tried no more', async ({ phone }) => {
  const [one, other] = await twoPages(phone);
  phone.server.fault = () => 'unreachable';
  await one.add(draft('first', [picture()]));
  await phone.until(() => one.entries.value[0]?.retryAt !== undefined);
  phone.server.fault = () => 'none';
  await other.send();
  await phone.until(() => states(one).join() === 'sent');
  const calls = phone.server.calls.length;
  await phone.until(() => false);
  expect(phone.server.calls.length).toBe(calls);
  expect(one.entries.value[0]?.retryAt).toBeUndefined();
});

test('without locks and channel, what was erased in another page is not sent any more', async ({ phone }) => {
  const [one, other] = [await phone.open(), await phone.open()];
  phone.server.fault = () => 'unreachable';
  const { id } = await one.add(draft('waits'));
  await phone.until(() => one.entries.value[0]?.retryAt !== undefined);
  await other.erase(id);
  phone.server.fault = () => 'none';
  await phone.until(() => false);
  expect(phone.server.reports).toEqual([]);
  expect(one.entries.value).toEqual([]);
});

test('without locks and channel, what is erased in another page on its way is not sent again', async ({ phone }) => {
  const [one, other] = [await phone.open(), await phone.open()];
  let respond = () => {};
  const call = phone.server.call.bind(phone.server);
  phone.server.call = async (sent) => {
    if (sent.path === '/v1/reports') await new Promise<void>((resolve) => (respond = resolve));
    return await call(sent);
  };
  const { id } = await one.add(draft('on its way'));
  await phone.until(() => one.entries.value[0]?.state === 'sending');
  await other.erase(id);
  respond();
  await phone.until(() => false);
  expect(phone.server.calls.filter((call) => call === 'POST /v1/reports')).toHaveLength(1);
  expect(one.entries.value).toEqual([]);
});

test('a browser that denies locks sends without', async ({ phone }) => {
  const denying = { request: () => Promise.reject(new DOMException('', 'SecurityError')) };
  const outbox = await phone.open(Infinity, { locks: denying as unknown as LockManager });
  await outbox.add(draft('a text'));
  await phone.until(() => states(outbox).join() === 'sent');
  expect(phone.server.reports).toHaveLength(1);
});
