import type { Outbox } from './outbox/types.ts';
import { outbox } from './service.ts';

/** Return the outbox as soon as it is open: nobody presses "Send" in vain before. */
export function openedOutbox(): Promise<Outbox> {
  return new Promise((resolve) => {
    if (outbox.value) return resolve(outbox.value);
    const stop = outbox.subscribe((box) => {
      if (!box) return;
      stop();
      resolve(box);
    });
  });
}
