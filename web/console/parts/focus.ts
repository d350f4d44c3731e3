/** Where the focus goes when the button that had it is gone, and that what has it is in sight. */

/** Put the focus on the page's heading, once what has changed is shown. */
export function focusHeading(): void {
  focusOn('main h1');
}

/** Put the focus on the heading of a part, by its id, once what has changed is shown. */
export function focusPart(id: string): void {
  focusOn(`#${id}`);
}

/** Put the focus on a field that is wrong: with it, the error that describes it is read out. */
export function focusField(id: string): void {
  requestAnimationFrame(() => {
    const field = document.getElementById(id);
    field?.focus();
    field?.closest('.field')?.scrollIntoView({ block: 'nearest' });
  });
}

/**
 * Keep a box that is written in whole above the bar, when it is chosen and while it grows: the browser
 * shows no more of it than the line of the caret. Returns what ends it.
 */
export function keepBoxInSight(): () => void {
  // After the pointer has left it: what moves under a pressed one is marked.
  const events = ['click', 'keyup', 'input'] as const;
  const show = ({ target }: Event) => {
    if (!(target instanceof HTMLTextAreaElement)) return;
    requestAnimationFrame(() => {
      // Whoever has gone on before the page was drawn is somewhere else.
      if (document.activeElement === target) target.scrollIntoView({ block: 'nearest' });
    });
  };
  for (const name of events) addEventListener(name, show);
  return () => {
    for (const name of events) removeEventListener(name, show);
  };
}

function focusOn(selector: string): void {
  requestAnimationFrame(() => {
    const heading = document.querySelector<HTMLElement>(selector);
    heading?.setAttribute('tabindex', '-1');
    heading?.focus();
  });
}

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
