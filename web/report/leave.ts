/** Leave the page at once, for one that says nothing. */

import { language } from '../shared/language.ts';
import { finishWork, markLeft, putAway } from './put-away.ts';
import { unwind } from './screen.ts';
import { openedOutbox } from './service.ts';
import { forgetLanguage } from './spoken.ts';

/** Pages that anybody may have open: the weather. */
const NEUTRAL = { zh: 'https://www.weather.com.cn/', en: 'https://www.weather.com/' };
/** What is not put away by then is put away by the next page. */
const PATIENCE_MS = 1500;
/** So many presses of Shift, with nothing between them, each so soon after the one before. */
const PRESSES = 3;
const SOON_MS = 600;

/** Other windows of the page are left with it. */
const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('tipline-left');

let leaving = false;

/**
 * Have the browser ask before the page is closed while something would be lost with it. "Leave this
 * page" asks nothing.
 */
export function guardClosing(wouldLose: () => boolean): void {
  addEventListener('beforeunload', (event) => {
    if (!leaving && wouldLose()) event.preventDefault();
  });
}

/** Leave by three quick presses of Shift, and when another window is left. Call it once. */
export function followLeaving(): void {
  let presses: readonly number[] = [];
  addEventListener('keydown', ({ key, repeat, timeStamp }) => {
    if (repeat) return;
    const last = presses[presses.length - 1] ?? timeStamp;
    const before = timeStamp - last < SOON_MS ? presses : [];
    presses = key === 'Shift' ? [...before, timeStamp] : [];
    if (presses.length === PRESSES) leave();
  });
  if (channel) channel.onmessage = () => void goAway();
}

/**
 * Take what is shown away, then replace this page by a neutral one. What is on this phone is put away,
 * and our second entry goes from the history, so that "back" does not lead here.
 */
export function leave(): void {
  channel?.postMessage('left');
  void goAway();
}

async function goAway(): Promise<void> {
  if (leaving) return;
  leaving = true;
  document.body.textContent = '';
  markLeft(true);
  forgetLanguage();
  const unwound = unwind() ? once((done) => addEventListener('popstate', done)) : null;
  // What was sent must be kept before this page ends, however long that takes.
  await finishWork();
  const away = openedOutbox().then(putAway);
  const patience = once((done) => setTimeout(done, PATIENCE_MS));
  await Promise.race([Promise.all([away, unwound]), patience]).catch(() => undefined);
  location.replace(NEUTRAL[language.value]);
}

function once(listen: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => listen(() => resolve()));
}
