import { expect, test, vi } from 'vitest';

import type { Api } from '../types.ts';
import { differences, newsOf, OpenReport, remaining, unreadOf } from './open-report.ts';

const NOW = Date.parse('2026-11-27T10:00:00Z');
const MEDIUM = { from: 'reporter', state: 'ready' } as never;
const SAME = { status: 'closed', version: 3, unread: 1, flags: [] } as const;
const shown = {
  ...SAME,
  flags: [],
  media: [MEDIUM],
  proposal: null,
  hold: null,
  returning: null,
  referrals: [],
  masks: [],
  requests: [],
};
const row = { ...SAME, flags: [], media: { total: 1, ready: 1 }, awaits: [] };
const asked = { by: 'li', until: '2026-12-01T00:00:00Z', approved_by: null, lift: null } as never;

test('a report that is as it was has no news', () => {
  expect(newsOf(shown, row, false, NOW)).toEqual([]);
});

test('a reopening by the reporter is not called a change of a colleague', () => {
  expect(newsOf(shown, { ...row, status: 'acknowledged' }, true, NOW)).toEqual(['reopened']);
  expect(newsOf(shown, { ...row, status: 'in_progress', version: 4 }, true, NOW)).toEqual([
    'changed',
  ]);
  expect(newsOf(shown, { ...row, status: 'withdrawn', version: 4 }, true, NOW)).toEqual([
    'withdrawn',
  ]);
});

test('a step of the second officer is news, though it is no new version', () => {
  const waits = { ...shown, hold: asked };
  expect(newsOf(waits, { ...row, awaits: ['hold'] }, true, NOW)).toEqual([]);
  expect(newsOf(waits, row, true, NOW)).toEqual(['changed']);
  const proposed = { ...shown, proposal: { by: 'li', disposition: 'malicious' } as never };
  expect(newsOf(proposed, { ...row, awaits: ['closing'] }, true, NOW)).toEqual([]);
  expect(newsOf(proposed, row, true, NOW)).toEqual(['changed']);
  const referred = { ...shown, referrals: [{ approved_by: null } as never] };
  expect(newsOf(referred, { ...row, awaits: ['referral'] }, true, NOW)).toEqual([]);
  expect(newsOf(referred, row, true, NOW)).toEqual(['changed']);
});

test('a request that is over waits no more, in the row and on the page', () => {
  const over = Date.parse('2026-12-02T00:00:00Z');
  expect(newsOf({ ...shown, hold: asked }, row, true, over)).toEqual([]);
});

test('a colleague who mutes a report has changed it', () => {
  expect(newsOf(shown, { ...row, flags: ['muted'] }, true, NOW)).toEqual(['changed']);
});

test('what is unread beyond the messages that were read is a place', () => {
  expect(newsOf(shown, { ...row, unread: 2 }, false, NOW)).toEqual(['message']);
  expect(newsOf(shown, { ...row, unread: 2 }, true, NOW)).toEqual(['place']);
});

test('a new file and one that is ready are two different news', () => {
  const more = { ...row, media: { total: 2, ready: 1 } };
  expect(newsOf(shown, more, true, NOW)).toEqual(['media']);
  const processing = { ...shown, media: [{ from: 'reporter', state: 'processing' } as never] };
  expect(newsOf(processing, row, true, NOW)).toEqual(['ready']);
  const none = { total: 1, ready: 0 };
  expect(newsOf(processing, { ...row, media: none }, true, NOW)).toEqual([]);
  expect(newsOf(processing, { ...row, media: { ...none, early: 1 } }, true, NOW)).toEqual(['ready']);
});

test('a picture that officers have sent is no news of the reporter', () => {
  const ours = { from: 'officer', state: 'processing' } as never;
  expect(newsOf({ ...shown, media: [MEDIUM, ours] }, row, true, NOW)).toEqual([]);
});

const SEEN = {
  status: 'new' as const,
  assignee: null,
  urgency: 'high' as const,
  category: 'missing_elderly',
  disposition: null,
  reason: null,
  duplicate_of: null,
};
const TAKEN = { ...SEEN, status: 'acknowledged' as const, assignee: 'zhao' };

test('what the other officer has changed is shown with what I wanted', () => {
  expect(differences(SEEN, TAKEN, { assignee: 'li' })).toEqual([
    { field: 'status', before: 'new', theirs: 'acknowledged', mine: undefined },
    { field: 'assignee', before: null, theirs: 'zhao', mine: 'li' },
  ]);
});

test('what only I wanted is shown too', () => {
  expect(differences(SEEN, TAKEN, { urgency: 'critical' }).map(({ field }) => field)).toEqual([
    'status',
    'assignee',
    'urgency',
  ]);
});

test('taking an assignment back is a wish like any other', () => {
  expect(differences(TAKEN, TAKEN, { assignee: null })).toEqual([
    { field: 'assignee', before: 'zhao', theirs: 'zhao', mine: null },
  ]);
});

test('nothing is left when the other officer has done the same', () => {
  expect(remaining(TAKEN, { status: 'acknowledged' })).toBeNull();
  expect(remaining(TAKEN, { status: 'acknowledged', assignee: 'li' })).toEqual({
    status: 'acknowledged',
    assignee: 'li',
  });
});

const message = (id: string, minute: number, from = 'reporter') =>
  ({ id, from, sent_at: `2026-11-27T10:0${minute}:00Z` }) as never;
const position = (id: string, minute: number) =>
  ({ id, received_at: `2026-11-27T10:0${minute}:00Z` }) as never;

const MESSAGES = [message('m1', 1), message('ours', 2, 'officer'), message('m2', 3)];

function read(unread: number, positions: never[], messages = MESSAGES): string[][] {
  const found = unreadOf({ unread, messages, positions });
  return [[...found.messages], [...found.positions]];
}

test('the latest of messages and places are unread, as many as are counted', () => {
  expect(read(0, [position('p1', 4)])).toEqual([[], []]);
  expect(read(1, [position('p1', 4)])).toEqual([[], ['p1']]);
  expect(read(2, [position('p1', 4)])).toEqual([['m2'], ['p1']]);
  expect(read(1, [position('p1', 2)])).toEqual([['m2'], []]);
});

test('a message and a place of one minute are both marked when one of them is unread', () => {
  expect(read(1, [position('p1', 3)])).toEqual([['m2'], ['p1']]);
});

test('of two places of one minute the later one is unread', () => {
  expect(read(1, [position('p1', 4), position('p2', 4)])).toEqual([[], ['p2']]);
});

const OPENED = {
  status: 'new',
  version: 1,
  unread: 1,
  duplicate_of: null,
  messages: [],
  positions: [],
  message_count: 0,
  items: [],
};

/** Open a report whose steps are answered with this, and take one. */
async function afterStep(changed: object) {
  const calls: string[] = [];
  const answer = (name: string, data: object) => async (_: string, options: unknown) => {
    calls.push(name);
    sent.push(options);
    return { data, response: new Response(null, { headers: { ETag: `"${calls.length}"` } }) };
  };
  const sent: unknown[] = [];
  const api = { GET: answer('open', OPENED), PATCH: answer('step', changed) } as unknown as Api;
  const open = new OpenReport(api, 'r', () => {});
  await open.load();
  await open.change({ status: 'acknowledged' });
  return { open, calls, sent };
}

test('a step is shown without opening the report again, and gives the next one its tag', async () => {
  const changed = { status: 'acknowledged', version: 2, unread: 0, read: 1, duplicate_of: null };
  const { open, calls, sent } = await afterStep({ ...changed, acknowledged_at: 'now' });
  expect(calls).toEqual(['open', 'step']);
  expect(open.report.value).toMatchObject({ version: 2, unread: 0, acknowledged_at: 'now' });
  await open.change({ urgency: 'high' });
  expect(sent[2]).toMatchObject({ params: { header: { 'If-Match': '"2"' } } });
});

test('what a step has read and was not shown is opened', async () => {
  const changed = { status: 'acknowledged', version: 2, unread: 0, read: 2, duplicate_of: null };
  expect((await afterStep(changed)).calls).toEqual(['open', 'step', 'open']);
  const linked = { ...changed, read: 1, duplicate_of: 'other' };
  expect((await afterStep(linked)).calls).toEqual(['open', 'step', 'open']);
});

test('whether a colleague has changed it is looked at some seconds after an own step', async () => {
  const changed = { status: 'acknowledged', version: 2, unread: 0, read: 1, duplicate_of: null };
  const { open, calls } = await afterStep(changed);
  vi.useFakeTimers();
  const takeBack = open.checkSoon();
  vi.advanceTimersByTime(5_000);
  expect(calls).toEqual(['open', 'step']);
  takeBack();
  open.checkSoon();
  vi.advanceTimersByTime(20_000);
  vi.useRealTimers();
  expect(calls).toEqual(['open', 'step', 'open']);
});

const WAITS = { by: 'wang', disposition: 'unfounded', reason: 'An aunt.', tag: '"a"' };

/** Confirm an end as it was opened first, when the report is `now` so and the tag is old. */
async function confirmStale(now: object) {
  const openings = [{ ...OPENED, proposal: WAITS }, { ...OPENED, ...now }];
  const sent: string[] = [];
  const tagged = () => new Response(null, { headers: { ETag: '"1"' } });
  const read = async () => ({ data: openings.shift(), response: tagged() });
  const confirm = async (_: string, { params }: { params: { header: { 'If-Match': string } } }) => {
    sent.push(params.header['If-Match']);
    if (sent.length > 1) return { data: { ...OPENED, read: 0 }, response: tagged() };
    return { error: { detail: 'Old.' }, response: new Response(null, { status: 412 }) };
  };
  const api = { GET: read, POST: confirm } as unknown as Api;
  const open = new OpenReport(api, 'r', () => {});
  await open.load();
  const done = await open.confirm();
  return { open, sent, done };
}

test('what was written before an end is confirmed is read first, and then it is confirmed', async () => {
  const came = { proposal: { ...WAITS, tag: '"b"' }, messages: [message('m1', 1)] };
  const { open, sent, done } = await confirmStale(came);
  expect(done).toBe(false);
  expect(open.problem.value).toBeNull();
  expect(open.unseen.value?.messages).toEqual([message('m1', 1)]);
  expect(await open.unseen.value?.again()).toBe(true);
  expect(sent).toEqual(['"a"', '"b"']);
});

test('another end than the one that was read is not confirmed with what was written', async () => {
  const other = { ...WAITS, reason: 'An uncle.', tag: '"b"' };
  const { open } = await confirmStale({ proposal: other, messages: [message('m1', 1)] });
  expect(open.unseen.value).toBeNull();
  expect(open.problem.value).not.toBeNull();
});
