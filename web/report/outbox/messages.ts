/** Sends a text to the officers of a report that is filed. */

import { Later, readReply } from './network.ts';
import { Stopped, type Work } from './work.ts';

/** It resolves when the text has arrived. Throws Later and Refused. */
export async function sendText(work: Work): Promise<void> {
  const { key, report, text } = work.entry();
  if (!report || !text) throw new Stopped();
  work.show({ state: 'sending' });
  await work.noteAttempt();
  const reply = await work.network.call({
    method: 'POST',
    path: `/v1/reports/${report.id}/${text.to}`,
    body: JSON.stringify({ text: text.words }),
    headers: { Authorization: `Receipt ${report.receipt}`, 'Idempotency-Key': key },
    signal: work.signal,
  });
  const stored = readReply(reply) as { readonly id?: unknown };
  if (typeof stored.id !== 'string') throw new Later(); // not from the API
}
