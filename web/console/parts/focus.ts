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
