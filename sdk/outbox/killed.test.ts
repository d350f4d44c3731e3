import 'fake-indexeddb/auto';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { picture, video } from './testing/files.ts';
import { Phone, REDUCED } from './testing/phone.ts';
import type { Fault } from './testing/server.ts';
import type { Draft, ExistingReport } from './types.ts';

const DRAFT: Draft = {
  report: { category: 'other', text: 'a text' },
  files: [picture(), video(300), ...Array.from({ length: 4 }, () => picture()), video(130)],
  keep: { place: false, time: false },
};
const [VIDEO, PHOTO] = [undefined, REDUCED.size];
const OF_EACH = [PHOTO, VIDEO, PHOTO, PHOTO, PHOTO, PHOTO, VIDEO];
const SIZES = [130, 17, 17, 17, 17, 17, 300];
// More than a whole trip takes: no death at all.
const WHOLE_TRIP = 200;
const FAULTS: Fault[] = ['none', 'none', 'unreachable', 'lost', 'unavailable', 'portal'];

async function expectDelivered(phone: Phone): Promise<void> {
  phone.server.fault = () => 'none';
  const outbox = await phone.open();
  await phone.until(() => outbox.entries.value.every(({ state }) => state === 'sent'));
  const { reports, createKeys, twice } = phone.server;
  expect(reports).toHaveLength(1);
  expect(createKeys.size).toBe(1);
  // A file that had to be tried again comes behind the others.
  expect(phone.server.contents().map((content) => content?.length ?? 0).sort()).toEqual(SIZES);
  expect(twice).toBe(0);
  // A photo that went while its reduced picture could not needs none any more.
  const reduced = phone.server.reduced().filter((size) => size !== undefined);
  expect(new Set(reduced)).toEqual(new Set(reduced.length > 0 ? [REDUCED.size] : []));
  const [entry] = outbox.entries.value;
  expect(entry?.receipt).toBe(reports[0]?.receipt);
  await outbox.confirmReceipt(entry?.id ?? '');
  expect((await phone.open()).entries.value).toEqual([]);
}

test('killed at any step it goes on where it was', { timeout: 60_000 }, async () => {
  let survived = false;
  for (let death = 12; !survived; death++) {
    const phone = new Phone();
    const dying = await phone.open(death);
    await Promise.race([dying.add(DRAFT), phone.dead]);
    const sent = () => dying.entries.value[0]?.state === 'sent';
    await phone.until(sent);
    survived = sent();
    // Until it was kept, the person still has the form before them.
    phone.server.fault = () => 'unreachable';
    const kept = await phone.open();
    const wasKept = kept.entries.value.length > 0;
    kept.close();
    if (wasKept) await expectDelivered(phone);
    if (wasKept) expect(phone.server.reduced()).toEqual(OF_EACH);
    expect(death).toBeLessThan(WHOLE_TRIP * 2);
  }
});

test('killed again and again over a bad network, it arrives once', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 12, max: WHOLE_TRIP }), { maxLength: 6 }),
      fc.array(fc.constantFrom(...FAULTS), { maxLength: 60 }),
      async (deaths, faults) => {
        const phone = new Phone();
        const first = await phone.open();
        await first.add(DRAFT);
        first.close();
        let call = 0;
        phone.server.fault = () => faults[call++] ?? 'none';
        for (const death of deaths) {
          const dying = await phone.open(death);
          await phone.until(() => dying.entries.value.every(({ state }) => state === 'sent'));
        }
        await expectDelivered(phone);
      },
    ),
    { numRuns: 60 },
  );
});

const RECEIPT = '0'.repeat(26);
const WORDS = ['the first', 'the second', 'the last'];

/** A phone with a receipt of a report that is filed, and nothing else. */
function filed(): { phone: Phone; report: ExistingReport } {
  const phone = new Phone();
  const report = { id: 'R0', receipt: RECEIPT, reference: 'ref' };
  phone.server.reports.push({ ...report, key: 'k', body: '', media: [] });
  return { phone, report };
}

async function expectWritten(phone: Phone, words: readonly string[]): Promise<void> {
  phone.server.fault = () => 'none';
  const outbox = await phone.open();
  await phone.until(() => outbox.entries.value.length === 0);
  expect([...phone.server.texts.values()]).toEqual(words.map((text) => `messages: ${text}`));
  // Neither the words nor the receipt stay on the phone.
  expect((await phone.open()).entries.value).toEqual([]);
}

test('a message, killed at any step, arrives once', { timeout: 60_000 }, async () => {
  let survived = false;
  for (let death = 8; !survived; death++) {
    const { phone, report } = filed();
    const dying = await phone.open(death);
    await Promise.race([dying.addText(report, 'messages', 'the first'), phone.dead]);
    await phone.until(() => dying.arrived.value.length > 0);
    phone.server.fault = () => 'unreachable';
    const kept = await phone.open();
    survived = dying.arrived.value.length > 0 && kept.entries.value.length === 0;
    const wasKept = kept.entries.value.length > 0 || phone.server.texts.size > 0;
    kept.close();
    if (wasKept) await expectWritten(phone, ['the first']);
    expect(death).toBeLessThan(WHOLE_TRIP);
  }
});

test('messages arrive once, and in their order, over a bad network', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 12, max: 40 }), { maxLength: 4 }),
      fc.array(fc.constantFrom(...FAULTS), { maxLength: 30 }),
      async (deaths, faults) => {
        const { phone, report } = filed();
        let call = 0;
        phone.server.fault = () => faults[call++] ?? 'none';
        const first = await phone.open();
        for (const text of WORDS) {
          await first.addText(report, 'messages', text);
          phone.clock.advance(1);
        }
        first.close();
        for (const death of deaths) {
          const dying = await phone.open(death);
          await phone.until(() => dying.entries.value.length === 0);
        }
        await expectWritten(phone, WORDS);
      },
    ),
    { numRuns: 60 },
  );
});
