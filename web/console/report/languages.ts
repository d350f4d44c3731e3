/** The language in which somebody writes. */

import type { Language } from '../../shared/language.ts';

/** Return the language of most of the words; null when there are none. A character counts as one. */
export function languageIn(text: string): Language | null {
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  const latin = text.match(/\p{Script=Latin}{2,}/gu)?.length ?? 0;
  if (han + latin === 0) return null;
  // A Chinese word has about two characters.
  return han / 2 >= latin ? 'zh' : 'en';
}
