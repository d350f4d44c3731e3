/** What all screens share: the API, the outbox, and whether there is a network. */
import { effect, signal } from '@preact/signals';

import { createApi, type Schemas } from '../shared/api.ts';
import { language } from '../shared/language.ts';
import { isInMemory, noteTaken } from './draft.ts';
import type { Entry, Outbox } from '../../sdk/outbox/types.ts';
import { isLeft, putAway } from './put-away.ts';

export const api = createApi();

/** Null until it is open: that takes a moment. */
export const outbox = signal<Outbox | null>(null);

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

/** Whether the browser believes that there is a network. */
export const online = signal(navigator.onLine !== false);

/** Follow the network. Call it once. */
export function followNetwork(): void {
  const look = (): void => {
    online.value = navigator.onLine !== false;
  };
  addEventListener('online', look);
  addEventListener('offline', look);
}

/** Open the outbox and send what waits in it. Its program comes after the first screen. */
export async function openService(limits: () => Schemas['Limits'] | undefined): Promise<void> {
  const [{ openOutbox }, { limitsOf }] = await Promise.all([
    import('../../sdk/outbox/outbox.ts'),
    import('../../sdk/outbox/limits.ts'),
  ]);
  const opened = await openOutbox({
    language: () => language.value,
    limits: () => {
      const known = limits();
      return known && limitsOf(known);
    },
  });
  if (isLeft()) await putAway(opened);
  outbox.value = opened;
  effect(() => noteTaken(opened.entries.value));
}

/** Return whether something that is not sent, or a receipt, would be lost with this page. */
export function wouldLose(): boolean {
  if (isInMemory()) return true;
  const entries = outbox.value?.entries.value ?? [];
  return entries.some(
    (entry) => !isKept(entry) && (entry.state !== 'sent' || asksForReceipt(entry)),
  );
}

/** Return whether all of an entry outlives this page. */
export function isKept({ kept, files }: Entry): boolean {
  return outbox.value?.durable === true && kept && files.every((file) => file.kept);
}

/** Return whether nothing of an entry is on its way: what is left waits for the network or the service. */
export function isHeldUp({ retryAt, files }: Entry): boolean {
  const moves = files.some(({ state }) => state === 'uploading');
  return !online.value || (retryAt !== undefined && !moves);
}

/** Return whether an entry waits for the person to say that they have the receipt. */
export function asksForReceipt({ receipt, confirmed, category }: Entry): boolean {
  return receipt !== undefined && !confirmed && category !== '';
}
