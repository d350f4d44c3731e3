/** The present time for "3 minutes ago", once in half a minute for all who show it. */

import { signal } from '@preact/signals';

export const now = signal(Date.now());

setInterval(() => {
  if (document.visibilityState === 'visible') now.value = Date.now();
}, 30_000);
