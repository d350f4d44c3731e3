/** When all has arrived, and what is then filed. */

import type { Entry, ExistingReport, Outbox } from './types.ts';

/** It resolves with the entries as soon as nothing of them is left to send. */
export function untilSent({ entries }: Outbox): Promise<readonly Entry[]> {
  return new Promise((resolve) => {
    const end = entries.subscribe((now) => {
      if (!now.every(({ state }) => state === 'sent' || state === 'refused')) return;
      queueMicrotask(() => end());
      resolve(now);
    });
  });
}

/** Return the report of an entry, with the receipt that opens it; null until it is filed. */
export function reportOf({ reportId: id, receipt, reference }: Entry): ExistingReport | null {
  return id && receipt && reference ? { id, receipt, reference } : null;
}
