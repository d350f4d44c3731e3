/** Where the focus goes when the button that had it is gone, or was pressed for nothing. */

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

function focusOn(selector: string): void {
  requestAnimationFrame(() => {
    const heading = document.querySelector<HTMLElement>(selector);
    heading?.setAttribute('tabindex', '-1');
    heading?.focus();
  });
}
