/** How soon what is written is kept, when nobody writes on, in milliseconds. */
export const PAUSE_MS = 400;

/** Do something whenever the page is hidden: it may not come back. */
export function whenHidden(act: () => void): void {
  addEventListener('pagehide', act);
  addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') act();
  });
}
