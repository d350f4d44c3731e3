/** What an officer has under their hands stays where it is, while something above it grows. */

/**
 * Keep what is worked on at its place on the screen during a change of the page: the control that
 * has the focus, or else `place`, while it is in sight.
 */
export function keepInPlace(place: Element | null): void {
  const focused = document.activeElement;
  const held = focused?.closest('main') && focused.matches('a, button, input, select, textarea')
    ? focused
    : place;
  if (!held || !isInSight(held)) return;
  const top = topOf(held);
  requestAnimationFrame(() => {
    const moved = topOf(held) - top;
    if (!held.isConnected || moved === 0) return;
    scrollBy(0, moved);
    // What stays in sight by itself does not scroll with the page.
    if (Math.abs(topOf(held) - top) >= Math.abs(moved)) scrollBy(0, -moved);
  });
}

function topOf(element: Element): number {
  return element.getBoundingClientRect().top;
}

function isInSight(element: Element): boolean {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}
