/** Leave the page at once, for one that says nothing. */

import { language } from '../shared/language.ts';
import { forgetAllTexts } from './begun.ts';
import { unwind } from './screen.ts';

/** Pages that anybody may have open: the weather. */
const NEUTRAL = { zh: 'https://www.weather.com.cn/', en: 'https://www.weather.com/' };
const PATIENCE_MS = 300;

let leaving = false;

/**
 * Have the browser ask before the page is closed while something would be lost with it. Call it
 * once. "Leave this page" asks nothing.
 */
export function guardClosing(wouldLose: () => boolean): void {
  addEventListener('beforeunload', (event) => {
    if (!leaving && wouldLose()) event.preventDefault();
  });
}

/**
 * Take what is shown away, then replace this page by a neutral one. What is begun in "my report" goes
 * from the phone, and our second entry from the history, so that "back" does not lead here.
 */
export function leave(): void {
  leaving = true;
  document.body.textContent = '';
  const unwound = unwind() ? once((done) => addEventListener('popstate', done)) : null;
  const patience = once((done) => setTimeout(done, PATIENCE_MS));
  void Promise.race([Promise.all([forgetAllTexts(), unwound]), patience]).then(() =>
    location.replace(NEUTRAL[language.value]),
  );
}

function once(listen: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => listen(() => resolve()));
}
