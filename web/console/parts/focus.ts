/** Where the focus goes when the button that had it is gone. */

/** Put the focus on the page's heading, once what has changed is shown. */
export function focusHeading(): void {
  requestAnimationFrame(() => {
    const heading = document.querySelector<HTMLElement>('main h1');
    heading?.setAttribute('tabindex', '-1');
    heading?.focus();
  });
}
