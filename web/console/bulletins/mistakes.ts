/** What is missing in the form of a bulletin, in words. */

import type { Mistake } from './form.ts';
import { text } from './texts.ts';

/** Return each mistake with the id of the field that it is about. */
export function mistakeLines(mistakes: readonly Mistake[]): { field: string; text: string }[] {
  const t = text().editor;
  return mistakes.map((mistake) => {
    switch (mistake.field) {
      case 'about':
        return { field: 'about', text: t.chooseAbout };
      case 'text':
        return { field: 'title-zh', text: t.oneLanguage };
      case 'consent':
        return { field: 'consent', text: t.consentMissing };
      case 'language': {
        const language = text().languages[mistake.language] ?? mistake.language;
        return { field: `title-${mistake.language}`, text: t.both(language) };
      }
    }
  });
}
