/** The language that an officer has chosen. It is the tab's: each reload goes to the issuer and back. */

import { effect } from '@preact/signals';

import { language } from '../../shared/language.ts';
import type { Store } from './pending.ts';

const CHOSEN = 'tipline.language';

/** Speak the language that was chosen in this tab, and remember what is chosen from now on. */
export function rememberLanguage(store: Pick<Store, 'getItem' | 'setItem'>): () => void {
  const chosen = store.getItem(CHOSEN);
  if (chosen === 'zh' || chosen === 'en') language.value = chosen;
  // Nothing is stored of who follows the browser.
  let known = language.peek();
  return effect(() => {
    if (language.value === known) return;
    known = language.value;
    store.setItem(CHOSEN, known);
  });
}
