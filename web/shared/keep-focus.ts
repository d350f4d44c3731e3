/** No step loses the focus: when what had it is gone, it goes on near there. */

interface Place {
  /** What had the focus, and all that it stood in, the innermost first. */
  chain: Element[];
  /** The heading under which it stood. */
  heading: Element | null;
  /** All headings above it on the page, the nearest first. */
  above: Element[];
}

const HEADINGS = 'h1, h2, h3, h4';
const PARTS = 'section, dialog, details, article, main';
const CONTROLS = 'input, select, textarea';

/**
 * Watch where the focus is, and where it was before a dialog. Returns what ends it.
 *
 * `steps` are what may have the focus when it came in the stead of what is gone: by default fields
 * alone, since after a step its heading says more than the button of the next one.
 */
export function keepFocus(steps: string = CONTROLS): () => void {
  let last: Place | null = null;
  // A dialog returns the focus to what opened it, which may be gone, too.
  let behind: Place | null = null;
  const entered = ({ target }: FocusEvent) => {
    if (!(target instanceof Element) || !target.closest('main')) return;
    last = placeOf(target);
    if (!target.closest('dialog')) behind = last;
  };
  const left = ({ target, relatedTarget }: FocusEvent) => {
    if (relatedTarget !== null) return;
    // Somebody has pressed beside it: that is no loss.
    requestAnimationFrame(() => {
      if (target instanceof Element && isShown(target) && isLost() && last?.chain[0] === target) {
        last = behind = null;
      }
    });
  };
  let unseen: MutationRecord[] = [];
  const look = () => {
    const changes = unseen;
    unseen = [];
    if (!isLost()) return;
    if (last === null || isShown(last.chain[0])) return;
    const wasAsked = last.chain.some((one) => one.matches('dialog') && !isShown(one));
    const places = wasAsked ? [behind, last] : [last, behind];
    const next = places.map((one) => one && nextTo(one, changes, steps)).find(Boolean);
    if (next) focus(next);
  };
  // After the browser has returned the focus, if it does.
  const watch = new MutationObserver((changes) => {
    unseen.push(...changes);
    requestAnimationFrame(look);
  });
  watch.observe(document.body, {
    childList: true,
    subtree: true,
    attributeFilter: ['open', 'hidden', 'disabled'],
  });
  addEventListener('focusin', entered);
  addEventListener('focusout', left);
  return () => {
    watch.disconnect();
    removeEventListener('focusin', entered);
    removeEventListener('focusout', left);
  };
}

function placeOf(element: Element): Place {
  const chain: Element[] = [];
  for (let one: Element | null = element; one && one !== document.body; one = one.parentElement) {
    chain.push(one);
  }
  const part = element.closest(PARTS);
  const above = [...(element.closest('main')?.querySelectorAll(HEADINGS) ?? [])]
    .filter((one) => follows(one, element))
    .reverse();
  return { chain, heading: above.find((one) => part?.contains(one)) ?? null, above };
}

/** Return what is nearest to a lost place: what came in its stead, or the heading above. */
function nextTo(
  { chain, heading, above }: Place,
  changes: readonly MutationRecord[],
  steps: string,
): HTMLElement | null {
  const around = chain.slice(1);
  const part = around.findIndex((one) => one.matches(PARTS));
  const room = around.find(isShown);
  if (room) {
    const came = changes
      .filter(({ target }) => target === room)
      .flatMap(({ addedNodes }) => [...addedNodes])
      .filter((one): one is HTMLElement => one instanceof HTMLElement);
    // A page that is new as a whole puts the focus on its own heading.
    const isPage = came.some((one) => one.matches('h1') || one.querySelector('h1'));
    const next = isPage ? null : stepIn(came, steps);
    if (next) return next;
  }
  for (const [index, one] of around.entries()) {
    if (!isShown(one)) continue;
    const found =
      index < part
        ? one.querySelectorAll(one.matches('li') ? `${CONTROLS}, button` : CONTROLS)
        : [heading, ...above.filter((each) => one.contains(each)), ...one.querySelectorAll(HEADINGS)];
    const next = [...found].find((each) => isShown(each));
    if (next instanceof HTMLElement) return next;
  }
  return null;
}

/** Return the first thing to do in what has come: of radio buttons the one that is chosen. */
function stepIn(came: readonly HTMLElement[], steps: string): HTMLElement | null {
  const found = came
    .flatMap((one) => [one, ...one.querySelectorAll<HTMLElement>('*')])
    .filter((one) => one.matches(steps) && !one.matches(':disabled') && isShown(one))
    .sort((one, other) => (follows(one, other) ? -1 : 1));
  const [first] = found;
  if (!(first instanceof HTMLInputElement) || first.type !== 'radio') return first ?? null;
  const chosen = found.find(
    (one) => one instanceof HTMLInputElement && one.name === first.name && one.checked,
  );
  return chosen ?? first;
}

function follows(one: Element, other: Element): boolean {
  return (one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
}

function focus(element: HTMLElement): void {
  if (element.matches(HEADINGS)) element.tabIndex = -1;
  element.focus();
}

function isLost(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}

function isShown(element: Element | null | undefined): boolean {
  return Boolean(element?.isConnected && element.getClientRects().length > 0);
}
