/** What all screens share: the API, the outbox, and whether there is a network. */
import { signal } from '@preact/signals';

import { createApi, type Schemas } from '../shared/api.ts';
import { language } from '../shared/language.ts';
import { isInMemory } from './draft.ts';
import type { Outbox } from './outbox/types.ts';

export const api = createApi();

/** Null until it is open: that takes a moment. */
export const outbox = signal<Outbox | null>(null);

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
    import('./outbox/outbox.ts'),
    import('./outbox/limits.ts'),
  ]);
  outbox.value = await openOutbox({
    language: () => language.value,
    limits: () => {
      const known = limits();
      return known && limitsOf(known);
    },
  });
}

/** Return whether something that is not sent would be lost if the page were closed now. */
export function wouldLose(): boolean {
  if (isInMemory()) return true;
  const box = outbox.value;
  return (box?.entries.value ?? []).some(({ state, kept, files }) => {
    const isKept = box?.durable && kept && files.every((file) => file.kept);
    return !isKept && state !== 'sent';
  });
}
