/** Where the focus goes when the button that had it is gone. */

/** Put the focus on the page's heading, once what has changed is shown. */
export function focusHeading(): void {
  focusOn('main h1');
}

/** Put the focus on the heading of a part, by its id, once what has changed is shown. */
export function focusPart(id: string): void {
  focusOn(`#${id}`);
}

function focusOn(selector: string): void {
  requestAnimationFrame(() => {
    const heading = document.querySelector<HTMLElement>(selector);
    heading?.setAttribute('tabindex', '-1');
    heading?.focus();
  });
}
