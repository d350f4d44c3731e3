/**
 * The language that was chosen, for a reload. The tab alone has it: it goes with the tab, and when the
 * page is left. Of a language that the browser asks for anyway nothing is kept.
 */
import { effect } from '@preact/signals';

import { language } from '../shared/language.ts';

const CHOSEN = 'tipline-language';

/** Take the language that was chosen before a reload, and keep the next one. Call it once. */
export function followLanguage(): void {
  const own = language.peek();
  const before = attempt(() => sessionStorage.getItem(CHOSEN));
  if (before === 'zh' || before === 'en') language.value = before;
  effect(() => {
    const now = language.value;
    if (now === own) forgetLanguage();
    else attempt(() => sessionStorage.setItem(CHOSEN, now));
  });
}

export function forgetLanguage(): void {
  attempt(() => sessionStorage.removeItem(CHOSEN));
}

/** Return what comes of it; null where the browser forbids it. */
function attempt<T>(act: () => T): T | null {
  try {
    return act();
  } catch {
    return null;
  }
}
