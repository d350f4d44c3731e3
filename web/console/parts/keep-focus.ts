/** No step loses the focus: when what had it is gone, it goes on near there. */

interface Place {
  /** What had the focus, and all that it stood in, the innermost first. */
  chain: Element[];
  /** The heading under which it stood. */
  heading: Element | null;
}

const HEADINGS = 'h1, h2, h3, h4';
const PARTS = 'section, dialog, details, article, main';
const CONTROLS = 'input, select, textarea';

/** Watch where the focus is, and where it was before a dialog. Returns what ends it. */
export function keepFocus(): () => void {
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
  const look = () => {
    if (!isLost()) return;
    if (last === null || isShown(last.chain[0])) return;
    const wasAsked = last.chain.some((one) => one.matches('dialog') && !isShown(one));
    const places = wasAsked ? [behind, last] : [last, behind];
    const next = places.map((one) => one && nextTo(one)).find(Boolean);
    if (next) focus(next);
  };
  // After the browser has returned the focus, if it does.
  const watch = new MutationObserver(() => requestAnimationFrame(look));
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
  const before = [...(part?.querySelectorAll(HEADINGS) ?? [])].filter(
    (heading) => heading.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING,
  );
  return { chain, heading: before.at(-1) ?? null };
}

/** Return what is nearest to a lost place: a field that came in its stead, or its heading. */
function nextTo({ chain, heading }: Place): HTMLElement | null {
  const around = chain.slice(1);
  const part = around.findIndex((one) => one.matches(PARTS));
  for (const [index, one] of around.entries()) {
    if (!isShown(one)) continue;
    const found =
      index < part
        ? one.querySelectorAll(one.matches('li') ? `${CONTROLS}, button` : CONTROLS)
        : [heading, ...one.querySelectorAll(HEADINGS)];
    const next = [...found].find((each) => isShown(each));
    if (next instanceof HTMLElement) return next;
  }
  return null;
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
