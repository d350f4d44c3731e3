import 'fake-indexeddb/auto';
import { expect } from 'vitest';

import { picture, video } from './testing/files.ts';
import { Phone, REDUCED, test } from './testing/phone.ts';
import { PART_SIZE, problem } from './testing/server.ts';
import { isOlder } from './limits.ts';
import { reportOf } from './sent.ts';
import type { Draft, Entry, Outbox } from './types.ts';

const KEEP = { place: false, time: false };

function draft(files: File[] = [], text = 'a text'): Draft {
  return { report: { category: 'other', text }, files, keep: KEEP };
}

function only(outbox: Outbox): Entry {
  const [entry] = outbox.entries.value;
  if (!entry) throw new Error('the outbox is empty');
  return entry;
}

async function settled(phone: Phone, outbox: Outbox): Promise<void> {
  const done = () => outbox.entries.value.every(({ state }) => ['sent', 'refused'].includes(state));
  await phone.until(done);
  expect(done()).toBe(true);
}

async function sent(phone: Phone, outbox: Outbox, written = draft()): Promise<Entry> {
  const entry = await outbox.add(written);
  await settled(phone, outbox);
  return entry;
}

test('a report and its files arrive, and its receipt stays until it is confirmed', async ({ phone, outbox }) => {
  await sent(phone, outbox, draft([picture(), video(150)]));

  const [report] = phone.server.reports;
  expect(JSON.parse(report?.body ?? '')).toMatchObject({ category: 'other', text: 'a text' });
  expect(phone.server.contents().map((content) => content?.length)).toEqual([17, 150]);
  expect(only(outbox)).toMatchObject({ receipt: report?.receipt, notes: ['a note'], state: 'sent' });
  expect(await outbox.bodyOf(only(outbox).id)).toBe(report?.body);

  const again = await phone.open();
  expect(only(again).receipt).toBe(report?.receipt);
  await again.confirmReceipt(only(again).id);
  expect(again.entries.value).toEqual([]);
  expect((await phone.open()).entries.value).toEqual([]);
});

test('what nobody sees in a text does not leave the phone', async ({ phone, outbox }) => {
  const pasted = '\u202a+86 138\u202c\0 👨\u200d👩 \u200e';
  const written = draft([], pasted);
  const contact = { phone: pasted };
  await sent(phone, outbox, { ...written, report: { ...written.report, contact } });
  const text = '+86 138 👨\u200d👩 \u200e';
  expect(JSON.parse(phone.server.reports[0]?.body ?? '')).toMatchObject({ text, contact: { phone: text } });
  const report = reportOf(only(outbox));
  if (!report) throw new Error('it was not sent');
  await outbox.addText(report, 'messages', pasted);
  await phone.until(() => phone.server.texts.size === 1);
  expect([...phone.server.texts.values()]).toEqual([`messages: ${text}`]);
  await expect(outbox.addText(report, 'messages', '\u202a')).rejects.toMatchObject({ code: 'empty_report' });
});

test('what an app that is too old is refused waits for a newer one, which sends it', async ({ phone }) => {
  const old = await phone.open(Infinity, { isOld: () => isOlder('1.9', '1.10.0') });
  phone.server.instead = ({ path }) =>
    path.endsWith('/reports') ? problem(422, 'invalid') : undefined;
  const entry = await sent(phone, old);
  expect(only(old)).toMatchObject({ state: 'refused', problem: { code: 'update_first' } });
  await old.leave(async () => {});
  old.close();

  phone.server.instead = () => undefined;
  const updated = await phone.open(Infinity, { isOld: () => isOlder('1.10', '1.10.0') });
  await phone.until(() => phone.server.reports.length === 1);
  expect(phone.server.createKeys).toEqual(new Set([entry.key]));
  updated.close();
});

test('a file that an app that is too old is refused waits, and holds nothing up', async ({ phone }) => {
  const old = await phone.open(Infinity, { isOld: () => true });
  phone.server.instead = ({ path }) =>
    path.endsWith('/complete') ? problem(422, 'invalid') : undefined;
  await sent(phone, old, draft([video(150), picture()]));
  expect(phone.server.reports).toHaveLength(1);
  expect(only(old).files.map(({ state }) => state)).toEqual(['refused', 'sent']);
  await old.confirmReceipt(only(old).id);
  old.close();

  phone.server.instead = () => undefined;
  const updated = await phone.open();
  await phone.until(() => updated.entries.value.length === 0);
  expect(phone.server.contents().map((content) => content?.length)).toEqual([150, 17]);
});

test.for([
  ['1.9', '1.10.0', true],
  ['1.10', '1.10.0', false],
  ['2', '1.10.0', false],
  ['1.10.0.1', '1.10.1', true],
] as const)('version %s of %s is older: %s', ([version, minimum, older]) => {
  expect(isOlder(version, minimum)).toBe(older);
});

test('it is kept before anything is sent', async ({ phone, outbox }) => {
  phone.server.fault = () => 'unreachable';
  await outbox.add({ ...draft([picture()]), begun: { id: 'begun', times: [1] } });
  outbox.close();

  phone.server.fault = () => 'none';
  const again = await phone.open();
  expect(only(again).begun).toEqual({ id: 'begun', times: [1] });
  await settled(phone, again);
  expect(phone.server.contents()).toHaveLength(1);
});

test('no text waits until the files of another are sent', async ({ phone, outbox }) => {
  phone.server.fault = () => 'unreachable';
  await outbox.add(draft([video(300)], 'first'));
  phone.clock.advance(1);
  await outbox.add(draft([], 'second'));
  outbox.close();
  phone.server.fault = () => 'none';
  phone.server.calls.length = 0;
  await settled(phone, await phone.open());
  const calls = phone.server.calls;
  expect(calls.lastIndexOf('POST /v1/reports')).toBeLessThan(
    calls.findIndex((call) => call.endsWith('/complete')),
  );
});

test('a text goes while a video is on its way', async ({ phone, outbox }) => {
  let arrive = () => {};
  const upload = phone.server.upload.bind(phone.server);
  phone.server.upload = async (sent) => {
    await new Promise<void>((resolve) => (arrive = resolve));
    return await upload(sent);
  };
  await outbox.add(draft([video(90)], 'with a video'));
  await phone.until(() => only(outbox).files[0]?.state === 'uploading');
  await outbox.add(draft([], 'in a hurry'));
  await phone.until(() => outbox.entries.value[1]?.state === 'sent');
  expect(outbox.entries.value.map(({ state }) => state)).toEqual(['uploading', 'sent']);
  phone.server.upload = upload;
  arrive();
  await settled(phone, outbox);
});

test('a lost response is asked for again with the same key, after longer and longer pauses', async ({ phone, outbox }) => {
  let lost = 4;
  phone.server.fault = () => (lost-- > 0 ? 'lost' : 'none');
  await sent(phone, outbox);
  expect(phone.server.reports).toHaveLength(1);
  expect(phone.server.createKeys.size).toBe(1);
  expect(phone.pauses).toEqual([1000, 2000]);
});

test.each([429, 503])('%d is repeated after Retry-After', async (status) => {
  const phone = new Phone();
  let refusals = 2;
  phone.server.instead = ({ method }) =>
    method === 'POST' && refusals-- > 0 ? { status, body: '{}', retryAfter: '90' } : undefined;
  const outbox = await phone.open();
  await outbox.add(draft());
  await phone.until(() => phone.clock.now() > 0 && only(outbox).retryAt !== undefined);
  expect(only(outbox)).toMatchObject({ state: 'waiting', retryAt: phone.clock.now() + 90_000 });
  await settled(phone, outbox);
  expect(phone.pauses).toEqual([90_000, 90_000]);
});

test.for(['the network is back', 'the person asks for it'])(
  'when %s, nothing waits for its pause',
  async (what, { phone, outbox }) => {
    phone.server.fault = () => 'unreachable';
    await outbox.add(draft());
    await phone.until(() => only(outbox).retryAt !== undefined);
    phone.server.fault = () => 'none';
    if (what === 'the person asks for it') await outbox.send();
    else phone.window.dispatchEvent(new Event('online'));
    await phone.until(() => only(outbox).state === 'sent');
    expect(phone.pauses).toEqual([]);
  },
);

test('but what the service has put off waits, network or not', async ({ phone, outbox }) => {
  phone.server.instead = () => ({ status: 503, body: '{}', retryAfter: '30' });
  await outbox.add(draft());
  await phone.until(() => only(outbox).retryAt !== undefined);
  phone.server.instead = () => undefined;
  const calls = phone.server.calls.length;
  phone.window.dispatchEvent(new Event('online'));
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(phone.server.calls.length).toBe(calls);
});

test('the sign-in page of a hotel is no response', async ({ phone, outbox }) => {
  let away = 3;
  phone.server.fault = () => (away-- > 0 ? 'portal' : 'none');
  await sent(phone, outbox);
  expect(phone.server.reports).toHaveLength(1);
});

test('what the service refuses is said, and can be corrected', async ({ phone, outbox }) => {
  const errors = [{ field: 'text', code: 'holds_receipt', detail: 'Remove it' }];
  phone.server.instead = ({ method }) =>
    method === 'POST' ? problem(422, 'invalid', { errors }) : undefined;
  await sent(phone, outbox, draft([picture()]));
  expect(only(outbox)).toMatchObject({
    state: 'refused',
    problem: { code: 'invalid', status: 422, fields: errors },
  });

  phone.server.instead = () => undefined;
  const again = await outbox.draftOf(only(outbox).id);
  expect(again?.report).toEqual({ category: 'other', text: 'a text' });
  await sent(phone, outbox, { ...draft(), ...again, report: { category: 'other', text: 'corrected' } });
  expect(phone.server.contents()).toHaveLength(1);
});

test('a file that goes uncut arrives byte for byte, whatever happens to the page', async ({ phone, outbox }) => {
  const signed = (name: string): File => {
    const [start, rest] = [picture().slice(0, 2), picture().slice(2)];
    return new File([start, Uint8Array.of(0xff, 0xeb, 0, 8), 'JPc2pa', rest], name, { type: 'image/jpeg' });
  };
  const [uncut, other] = [signed('a.jpg'), signed('b.jpg')];
  phone.server.instead = ({ method }) => (method === 'POST' ? problem(422, 'invalid', {}) : undefined);
  await sent(phone, outbox, { ...draft([uncut, other]), keep: { ...KEEP, uncut: [uncut] } });
  outbox.close();

  // Also of a report that was refused, and is corrected by another page.
  const again = await phone.open();
  const corrected = await again.draftOf(only(again).id);
  await again.erase(only(again).id);
  phone.server.instead = () => undefined;
  await again.add(corrected ?? draft());
  await settled(phone, again);
  const textOf = async (file: Blob): Promise<string> =>
    String.fromCharCode(...new Uint8Array(await file.arrayBuffer()));
  expect(phone.server.contents()).toEqual([await textOf(uncut), await textOf(picture())]);
  expect(phone.server.reduced()).toEqual([REDUCED.size, REDUCED.size]);
});

test.each([
  ['occurred_at', 'occurred_at', { location: { lat: 1, lon: 2, address: 'b' }, contact: { name: 'c', email: 'd' } }],
  // Half a place would be another place.
  ['location.lat', 'location', { occurred_at: 'a', contact: { name: 'c', email: 'd' } }],
  ['location.address', 'location.address', { occurred_at: 'a', location: { lat: 1, lon: 2 }, contact: { name: 'c', email: 'd' } }],
  ['contact.email', 'contact.email', { occurred_at: 'a', location: { lat: 1, lon: 2, address: 'b' }, contact: { name: 'c' } }],
])('a wrong %s never stops the text, and is said', async (field, leftOut, rest) => {
  const phone = new Phone();
  const errors = [{ field, code: 'x', detail: 'why' }];
  let refusals = 1;
  phone.server.instead = ({ path }) =>
    path === '/v1/reports' && refusals-- > 0 ? problem(422, 'invalid', { errors }) : undefined;
  const outbox = await phone.open();
  const place = { lat: 1, lon: 2, address: 'b' };
  const optional = { occurred_at: 'a', location: place, contact: { name: 'c', email: 'd' } };
  const { key } = await outbox.add({ ...draft(), report: { ...draft().report, ...optional } });
  await settled(phone, outbox);
  // A 422 has stored nothing: the key is still free.
  expect([...phone.server.createKeys]).toEqual([key]);
  expect(JSON.parse(phone.server.reports[0]?.body ?? '')).toEqual({ ...draft().report, ...rest });
  expect(await outbox.bodyOf(only(outbox).id)).toBe(phone.server.reports[0]?.body);
  expect(only(outbox).leftOut).toEqual([{ field: leftOut, code: 'x', detail: 'why' }]);
});

test('what is wrong besides the text stops it with the text', async ({ phone, outbox }) => {
  const errors = ['text', 'occurred_at'].map((field) => ({ field, code: 'x', detail: '' }));
  phone.server.instead = ({ method }) =>
    method === 'POST' ? problem(422, 'invalid', { errors }) : undefined;
  await outbox.add({ ...draft(), report: { ...draft().report, occurred_at: 'a' } });
  await settled(phone, outbox);
  expect(only(outbox)).toMatchObject({ state: 'refused', leftOut: [], problem: { fields: errors } });
});

test('a text that is added again under the key of its writer arrives once', async ({ phone, outbox }) => {
  await outbox.add(draft());
  await settled(phone, outbox);
  const report = reportOf(only(outbox)) ?? { id: '', receipt: '', reference: '' };
  phone.server.fault = () => 'unreachable';
  const first = await outbox.addText(report, 'messages', 'once', 'key');
  expect((await outbox.addText(report, 'messages', 'once', 'key')).id).toBe(first.id);
  expect(outbox.entries.value).toHaveLength(2);
  phone.server.fault = () => 'none';
  await phone.until(() => outbox.arrived.value.length === 1);
  await outbox.addText(report, 'messages', 'once', 'key');
  await phone.until(() => outbox.arrived.value.length === 2);
  expect([...phone.server.texts]).toEqual([['key', 'messages: once']]);
});

test('what is closed takes nothing, and says so', async ({ phone, outbox }) => {
  outbox.close();
  await expect(outbox.add(draft())).rejects.toThrow('closed');
  expect((await phone.open()).entries.value).toEqual([]);
});

test('a file that is refused never stops the text', async ({ phone, outbox }) => {
  phone.server.instead = ({ path, body }) =>
    path === '/v1/reports' && body?.includes('image/png')
      ? problem(422, 'invalid', { errors: [{ field: 'media.1.content_type', code: 'x', detail: '' }] })
      : undefined;
  const png = new File(['\x89PNG\r\n\x1a\n'].map((text) => Uint8Array.from(text, (c) => c.charCodeAt(0))), 'a.png');
  await sent(phone, outbox, draft([picture(), png, video(20)]));
  expect(phone.server.contents().map((content) => content?.length)).toEqual([17, 20]);
  expect(only(outbox).files.map(({ state }) => state)).toEqual(['sent', 'refused', 'sent']);
});

test('reduced pictures go after the text and before any whole file', async ({ phone, outbox }) => {
  await sent(phone, outbox, draft([video(300), picture(), picture()]));
  const { calls } = phone.server;
  const isReduced = (call: string) => call.startsWith('POST storage') && call.endsWith('/reduced');
  expect(calls.filter(isReduced)).toHaveLength(2);
  const last = calls.length - 1 - [...calls].reverse().findIndex(isReduced);
  const whole = calls.findIndex((call) => / storage/.test(call) && !isReduced(call));
  expect(calls.lastIndexOf('POST /v1/reports')).toBeLessThan(last);
  expect(last).toBeLessThan(whole);
  expect(only(outbox).files.map(({ seen }) => seen)).toEqual([false, true, true]);
});

test('a reduced picture that storage refuses stops nothing', async ({ phone, outbox }) => {
  const refused = '<Error><Code>EntityTooLarge</Code></Error>';
  phone.server.insteadOfStorage = ({ url }) =>
    url.endsWith('/reduced') ? { status: 400, body: refused } : undefined;
  await sent(phone, outbox, draft([picture()]));
  expect(phone.server.contents().map((content) => content?.length)).toEqual([17]);
  expect(only(outbox).files.map(({ state, seen }) => [state, seen])).toEqual([['sent', false]]);
});

test('a service that knows no reduced pictures gets the photos alone', async ({ phone, outbox }) => {
  phone.server.instead = ({ path, body }) =>
    path === '/v1/reports' && body?.includes('"reduced"')
      ? problem(422, 'invalid', { errors: [{ field: 'media.0.reduced', code: 'x', detail: '' }] })
      : undefined;
  await sent(phone, outbox, draft([picture()]));
  expect(phone.server.reduced()).toEqual([undefined]);
  expect(only(outbox).files.map(({ state }) => state)).toEqual(['sent']);
});

test('a key that is too weak is replaced', async ({ phone, outbox }) => {
  let weak = true;
  phone.server.instead = ({ path }) => {
    if (path !== '/v1/reports' || !weak) return undefined;
    weak = false;
    return problem(400, 'weak_idempotency_key');
  };
  const { key } = await sent(phone, outbox);
  expect(only(outbox).key).not.toBe(key);
  expect([...phone.server.createKeys]).toEqual([only(outbox).key]);
});

const CHALLENGE = { challenge: 'C', bits: 14, rounds: 8 };

test('in a flood the proof goes with the report', async ({ phone, outbox }) => {
  phone.server.challenge = CHALLENGE;
  const { key } = await sent(phone, outbox);
  expect(phone.server.proofs).toEqual([`C:proof-for-${key}`]);
});

test('a challenge in a 429 is worked on, and the report sent at once', async ({ phone, outbox }) => {
  phone.server.challenge = CHALLENGE;
  phone.server.refusesWithoutProof = true;
  phone.server.instead = ({ path }) => (path === '/v1/health' ? { status: 500 } : undefined);
  const { key } = await sent(phone, outbox);
  expect(phone.server.proofs).toEqual([undefined, `C:proof-for-${key}`]);
  expect(phone.pauses).toEqual([]);
});

test('nobody waits long for the first proof: it is added to the report that is filed', async ({ phone }) => {
  phone.server.challenge = CHALLENGE;
  let finish = () => {};
  let made = 0;
  const outbox = await phone.open(Infinity, {
    prove: async (_, key) => {
      made += 1;
      await new Promise<void>((resolve) => (finish = resolve));
      return `C:proof-for-${key}`;
    },
  });
  const { key } = await outbox.add(draft());
  await phone.until(() => only(outbox).state === 'proving');
  await phone.until(() => only(outbox).receipt !== undefined);
  expect(phone.pauses).toEqual([10_000]);
  expect(phone.server.proofs).toEqual([undefined]);
  finish();
  await phone.until(() => phone.server.proofs.length === 2);
  expect(phone.server.proofs).toEqual([undefined, `C:proof-for-${key}`]);
  expect(made).toBe(1);
});

test('work on a proof is not given up for the challenge of the next minute', async ({ phone }) => {
  phone.server.challenge = CHALLENGE;
  phone.server.refusesWithoutProof = true;
  const made: string[] = [];
  let finish = () => {};
  const outbox = await phone.open(Infinity, {
    prove: async ({ challenge }, key) => {
      made.push(challenge);
      await new Promise<void>((resolve) => (finish = resolve));
      return `C:proof-for-${key}`;
    },
  });
  await outbox.add(draft());
  await phone.until(() => only(outbox).state === 'proving');
  phone.server.instead = ({ path, headers }) =>
    path === '/v1/reports' && !headers?.['Tipline-Proof']
      ? problem(429, 'proof_required', { challenge: { ...CHALLENGE, challenge: 'later' } })
      : undefined;
  await phone.until(() => phone.pauses.length > 0 && only(outbox).state === 'proving');
  finish();
  await settled(phone, outbox);
  expect(made).toEqual(['C']);
});

test('more files than a body takes are added afterwards', async ({ phone, outbox }) => {
  await sent(phone, outbox, draft(Array.from({ length: 7 }, () => picture())));
  expect(phone.server.contents()).toHaveLength(7);
  expect(phone.server.calls.filter((call) => call.endsWith('/media'))).toHaveLength(2);
});

test('files are added to an existing report', async ({ phone, outbox }) => {
  await sent(phone, outbox);
  const { reportId = '', receipt = '', reference = '', id } = only(outbox);
  await outbox.confirmReceipt(id);
  await outbox.addFiles({ id: reportId, receipt, reference }, [picture()], KEEP);
  await settled(phone, outbox);
  expect(phone.server.reports).toHaveLength(1);
  expect(phone.server.contents()).toHaveLength(1);
});

test('a text that is refused stays, with the reason, and stops no other', async ({ phone, outbox }) => {
  await sent(phone, outbox);
  const { reportId = '', receipt = '', reference = '' } = only(outbox);
  const report = { id: reportId, receipt, reference };
  phone.server.instead = ({ path }) =>
    path.endsWith('/reopen') ? problem(409, 'already_reopened') : undefined;
  phone.clock.advance(1);
  await outbox.addText(report, 'reopen', 'not done');
  phone.clock.advance(1);
  await outbox.addText(report, 'messages', 'still there');
  await phone.until(() => outbox.arrived.value.length > 0);
  await phone.until(() => false);
  expect([...phone.server.texts.values()]).toEqual(['messages: still there']);
  expect(outbox.entries.value[1]).toMatchObject({
    state: 'refused',
    text: { to: 'reopen', words: 'not done' },
    problem: { code: 'already_reopened' },
  });
  await expect(outbox.addText(report, 'messages', '')).rejects.toMatchObject({ code: 'empty_report' });
});

test('an upload that was given up is begun anew', async ({ phone, outbox }) => {
  let away = false;
  phone.server.insteadOfStorage = () => (away ? { status: 503 } : undefined);
  away = true;
  await outbox.add(draft([picture(), video(300)]));
  await phone.until(() => only(outbox).state === 'uploading' && phone.pauses.length > 2);
  away = false;
  phone.server.giveUp();
  await settled(phone, outbox);
  expect(phone.server.contents().map((content) => content?.length)).toEqual([17, 300]);
});

test('a file that would be rejected again is not sent for ever', async ({ phone, outbox }) => {
  phone.server.insteadOfStorage = () => ({ status: 503 });
  phone.server.reason = 'unreadable';
  await outbox.add(draft([picture()]));
  await phone.until(() => only(outbox).state === 'uploading' && phone.pauses.length > 2);
  phone.server.giveUp();
  await settled(phone, outbox);
  const [file] = only(outbox).files;
  expect([file?.state, file?.problem?.reason]).toEqual(['refused', 'unreadable']);
});

test('opened again without a network, it shows what storage has', async ({ phone, outbox }) => {
  let parts = 0;
  phone.server.insteadOfStorage = () => (parts++ < 2 ? undefined : { status: 503 });
  await outbox.add(draft([video(300)]));
  await phone.until(() => only(outbox).retryAt !== undefined);
  outbox.close();
  phone.server.fault = () => 'unreachable';
  expect(only(await phone.open()).files[0]?.sent).toBe(2 * PART_SIZE);
});

const HOTEL = { status: 404, body: '<!doctype html><title>Hotel</title>' };

test.each([
  ['a photo', picture(), 404],
  ['a video', video(300), 404],
  ['a photo', picture(), 200],
  ['a video', video(300), 200],
])('the page of a hotel in the place of storage refuses no file: %s', async (_, file, status) => {
  const phone = new Phone();
  let away = 12;
  phone.server.insteadOfStorage = () => (away-- > 0 ? { ...HOTEL, status } : undefined);
  const outbox = await phone.open();
  await sent(phone, outbox, draft([file]));
  expect(only(outbox).files.map(({ state }) => state)).toEqual(['sent']);
  expect(phone.server.contents()[0]).toHaveLength(file.size);
});

test('what storage itself refuses is refused', async ({ phone, outbox }) => {
  const body = '<?xml version="1.0"?>\n<Error><Code>EntityTooLarge</Code></Error>';
  phone.server.insteadOfStorage = () => ({ status: 400, body });
  await sent(phone, outbox, draft([picture()]));
  expect(only(outbox).files[0]).toMatchObject({ state: 'refused', problem: { code: 'upload_refused' } });
});

test('an expired grant is replaced at once', async ({ phone, outbox }) => {
  let expired = 1;
  phone.server.insteadOfStorage = () => (expired-- > 0 ? { status: 403 } : undefined);
  await sent(phone, outbox, draft([video(PART_SIZE * 2)]));
  expect(phone.pauses).toEqual([]);
  expect(phone.server.contents()).toHaveLength(1);
});

test('a file that the phone has lost is said to be gone', async ({ phone }) => {
  phone.server.insteadOfStorage = () => ({ status: 503 });
  const outbox = await phone.open(Infinity, { indexedDB: null });
  expect(outbox.durable).toBe(false);
  const blob = picture();
  await outbox.add(draft([blob]));
  await phone.until(() => phone.pauses.length > 1);
  expect(only(outbox)).toMatchObject({ kept: false, files: [{ kept: false, state: 'waiting' }] });
});

test('without a database it is sent from memory', async ({ phone }) => {
  const outbox = await phone.open(Infinity, { indexedDB: null });
  await sent(phone, outbox, draft([picture()]));
  expect(phone.server.contents()).toHaveLength(1);
  await outbox.confirmReceipt(only(outbox).id);
  expect(outbox.entries.value).toEqual([]);
});

test('a browser that throws at its database is one without', async ({ phone }) => {
  const forbidden = {
    open: () => {
      throw new DOMException('', 'SecurityError');
    },
  } as unknown as IDBFactory;
  const outbox = await phone.open(Infinity, { indexedDB: forbidden });
  expect(outbox.durable).toBe(false);
});

test('a browser whose database never opens is one without', async ({ phone }) => {
  const silent = { open: () => ({}) } as unknown as IDBFactory;
  const opening = phone.open(Infinity, { indexedDB: silent });
  await phone.until(() => phone.pauses.length > 0);
  expect((await opening).durable).toBe(false);
});

test('without room for its files, the text is kept at least', async ({ phone, outbox }) => {
  phone.server.fault = () => 'unreachable';
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (value: unknown, ...more: []) {
    if (this.name === 'files') throw new DOMException('', 'QuotaExceededError');
    return put.call(this, value, ...more);
  };
  try {
    const entry = await outbox.add(draft([picture()]));
    expect(entry).toMatchObject({ kept: true, files: [{ kept: false }] });
    outbox.close();
  } finally {
    IDBObjectStore.prototype.put = put;
  }
  phone.server.fault = () => 'none';
  const again = await phone.open(Infinity, { isOld: () => true }); // no newer app has it either
  await settled(phone, again);
  expect(only(again).files).toMatchObject([{ state: 'refused', problem: { code: 'file_is_gone' } }]);
  expect(phone.server.reports).toHaveLength(1);
});

test('whoever leaves sees nothing of what is on its way, and it arrives all the same', async ({ phone, outbox }) => {
  await sent(phone, outbox, draft([], 'arrived'));
  phone.server.fault = () => 'unreachable';
  phone.clock.advance(1);
  await outbox.add(draft([picture()], 'on its way'));
  const entries: unknown[] = [];
  await outbox.leave(async (all) => void entries.push(...all));
  expect(entries).toHaveLength(2);
  outbox.close();

  phone.server.fault = () => 'none';
  const next = await phone.open();
  await phone.until(() => phone.server.contents().length === 1);
  expect(next.entries.value).toEqual([]);
  expect(phone.server.reports).toHaveLength(2);
  // Nothing is left of it when it has arrived, but for whoever has kept it elsewhere.
  await phone.until(() => false);
  const last: unknown[] = [];
  await next.leave(async (all) => void last.push(...all));
  expect(last).toEqual([]);

  await next.comeBack(entries);
  await settled(phone, next);
  // Both may have been added in one millisecond.
  const receiptsOf = (all: readonly { receipt?: string | null | undefined }[]) => new Set(all.map((each) => each.receipt));
  expect(receiptsOf(next.entries.value)).toEqual(receiptsOf(phone.server.reports));
  expect(phone.server.reports).toHaveLength(2);
});

test('what is still on its way is shown again with all its files', async ({ phone, outbox }) => {
  phone.server.fault = () => 'unreachable';
  await outbox.add(draft([picture()]));
  const entries: unknown[] = [];
  await outbox.leave(async (all) => void entries.push(...all));
  expect(outbox.entries.value).toEqual([]);
  phone.server.fault = () => 'none';
  await outbox.comeBack(entries);
  await settled(phone, outbox);
  expect(phone.server.contents()).toHaveLength(1);
  expect(only(outbox).receipt).toBe(phone.server.reports[0]?.receipt);
});

/** Let nothing more be written, as on a phone that is full. Return what makes room again. */
function fill(): () => void {
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = () => {
    throw new DOMException('', 'QuotaExceededError');
  };
  return () => {
    IDBObjectStore.prototype.put = put;
  };
}

test('a receipt that finds no room is held in memory, and the report is sent once', async ({ phone, outbox }) => {
  phone.server.fault = () => 'unreachable';
  await outbox.add(draft([picture()]));
  await phone.until(() => only(outbox).retryAt !== undefined);
  const makeRoom = fill();
  try {
    phone.server.fault = () => 'none';
    phone.server.calls.length = 0;
    await settled(phone, outbox);
    await phone.until(() => false);
    const [report] = phone.server.reports;
    expect(only(outbox)).toMatchObject({ receipt: report?.receipt, kept: true, receiptKept: false });
    expect(phone.server.calls.filter((call) => call === 'POST /v1/reports')).toHaveLength(1);
    expect(phone.server.contents()[0]).toHaveLength(17);
  } finally {
    makeRoom();
  }
  await outbox.confirmReceipt(only(outbox).id);
  expect(outbox.entries.value).toEqual([]);
  expect((await phone.open()).entries.value).toEqual([]);
});

test('what found no room is written with the next change', async ({ phone, outbox }) => {
  phone.server.insteadOfStorage = () => ({ status: 503 });
  phone.server.fault = () => 'unreachable';
  await outbox.add(draft([picture()]));
  const makeRoom = fill();
  phone.server.fault = () => 'none';
  await phone.until(() => only(outbox).receipt !== undefined);
  makeRoom();
  await outbox.confirmReceipt(only(outbox).id);
  expect(only(outbox)).toMatchObject({ receiptKept: true, confirmed: true });
  outbox.close();
  phone.server.fault = () => 'unreachable';
  expect(only(await phone.open()).receipt).toBe(phone.server.reports[0]?.receipt);
});

test('when the database is deleted under the page, the receipt is held in memory', async ({ phone, outbox }) => {
  phone.server.instead = ({ path }) => {
    if (path === '/v1/reports') phone.disk.deleteDatabase('tipline-outbox');
    return undefined;
  };
  const { id } = await sent(phone, outbox);
  const [report] = phone.server.reports;
  expect(only(outbox)).toMatchObject({ id, receipt: report?.receipt, kept: false });
  // What is written from now on is kept again.
  phone.server.fault = () => 'unreachable';
  phone.clock.advance(1);
  expect(await outbox.add(draft([], 'later'))).toMatchObject({ kept: true });
  await outbox.erase(id);
  expect(only(outbox).kept).toBe(true);
  expect(await countOf(phone, 'entries')).toBe(1);
});

test('what may have arrived is known as such, also after a reload', async ({ phone, outbox }) => {
  phone.server.fault = () => 'lost';
  expect(await outbox.add(draft())).toMatchObject({ mayHaveArrived: false });
  await phone.until(() => only(outbox).retryAt !== undefined);
  expect(only(outbox).mayHaveArrived).toBe(true);
  outbox.close();
  phone.server.fault = () => 'unreachable';
  const again = await phone.open();
  expect(only(again).mayHaveArrived).toBe(true);
  phone.server.fault = () => 'none';
  await settled(phone, again);
  expect(only(again).mayHaveArrived).toBe(false);
});

test('nothing has arrived of what a phone without a network has tried, or of what is refused', async ({ phone, outbox }) => {
  phone.server.offline = true;
  phone.server.fault = () => 'unreachable';
  await outbox.add(draft());
  await phone.until(() => only(outbox).retryAt !== undefined);
  expect(only(outbox).mayHaveArrived).toBe(false);
  phone.server.offline = false;
  phone.server.fault = () => 'none';
  phone.server.instead = ({ path }) => (path === '/v1/reports' ? problem(422, 'x') : undefined);
  await settled(phone, outbox);
  expect(only(outbox)).toMatchObject({ state: 'refused', mayHaveArrived: false });
});

test('a clock that was days ahead delays nothing once it is right', async ({ phone, outbox }) => {
  const wrong = 3 * 24 * 3_600_000;
  phone.clock.advance(wrong);
  phone.server.fault = () => 'unreachable';
  await outbox.add(draft());
  await phone.until(() => only(outbox).retryAt !== undefined);
  phone.clock.setBack(wrong);
  phone.server.fault = () => 'none';
  await settled(phone, outbox);
  expect(phone.clock.now()).toBeLessThan(Date.parse('2026-11-26T10:05:00Z'));
});

test('erasing deletes all of it, also while it is sent', async ({ phone, outbox }) => {
  phone.server.upload = ({ signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
  await outbox.add(draft([picture(), video(300)]));
  await phone.until(() => only(outbox).files[0]?.state === 'uploading');
  await outbox.erase(only(outbox).id);
  await phone.until(() => false);
  expect(outbox.entries.value).toEqual([]);
  expect(await countOf(phone, 'entries')).toBe(0);
  expect(await countOf(phone, 'files')).toBe(0);
});

test('a file that has arrived is not kept any longer', async ({ phone, outbox }) => {
  await outbox.add(draft([picture(), video(300)]));
  // The photo's reduced picture is one, too.
  expect(await countOf(phone, 'files')).toBe(3);
  await settled(phone, outbox);
  await phone.until(() => false);
  expect(await countOf(phone, 'files')).toBe(0);
  expect(await countOf(phone, 'entries')).toBe(1);
});

test('confirmed before everything has arrived, it is deleted when it has', async ({ phone, outbox }) => {
  let away = true;
  phone.server.insteadOfStorage = () => (away ? { status: 503 } : undefined);
  await outbox.add(draft([picture()]));
  await phone.until(() => only(outbox).receipt !== undefined);
  await outbox.confirmReceipt(only(outbox).id);
  expect(only(outbox)).toMatchObject({ confirmed: true, state: 'uploading' });
  away = false;
  await phone.until(() => outbox.entries.value.length === 0);
  expect(phone.server.contents()).toHaveLength(1);
  expect(await countOf(phone, 'entries')).toBe(0);
});

test('a receipt that has not come cannot be confirmed', async ({ phone, outbox }) => {
  phone.server.fault = () => 'unreachable';
  const { id } = await outbox.add(draft());
  await outbox.confirmReceipt(id);
  expect(only(outbox).confirmed).toBe(false);
  phone.server.fault = () => 'none';
  await settled(phone, outbox);
  expect(only(outbox).receipt).toBeDefined();
});

test('what a later version of the page has kept is left alone', async ({ phone, outbox }) => {
  outbox.close();
  const database = await opened(phone);
  const entries = database.transaction('entries', 'readwrite').objectStore('entries');
  entries.add({ version: 3, id: 'later' });
  database.close();
  const again = await phone.open();
  expect(again.entries.value).toEqual([]);
  expect(await countOf(phone, 'entries')).toBe(1);
});

test.each<[string, Draft, object]>([
  ['nothing', draft([], ''), { code: 'empty_report' }],
  ['what nobody sees', draft([], '\u202a\u202c\0'), { code: 'empty_report' }],
  ['a text without end', draft([], 'x'.repeat(300_000)), { code: 'report_too_large' }],
  ['half an emoji', draft([], 'gone \ud83d'), { code: 'bad_characters' }],
  ['eleven files', draft(Array(11).fill(picture())), { code: 'too_many_files' }],
  ['an empty file', draft([picture(), new File([], 'a.jpg')]), { code: 'file_empty', file: 1 }],
  ['a letter', draft([new File(['x'], 'a.pdf')]), { code: 'file_type', file: 0 }],
])('%s is not taken', async (_, wrong, expected) => {
  const phone = new Phone();
  const outbox = await phone.open();
  await expect(outbox.add(wrong)).rejects.toMatchObject({ name: 'Unacceptable', ...expected });
  expect(outbox.entries.value).toEqual([]);
});

async function opened(phone: Phone): Promise<IDBDatabase> {
  const opening = phone.disk.open('tipline-outbox', 1);
  return await new Promise((resolve, reject) => {
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = reject;
  });
}

async function countOf(phone: Phone, store: string): Promise<number> {
  const database = await opened(phone);
  const counting = database.transaction(store).objectStore(store).count();
  const count = await new Promise<number>((resolve) => {
    counting.onsuccess = () => resolve(counting.result);
  });
  database.close();
  return count;
}
