import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

import { go } from '../screen.ts';
import { frame } from '../texts.ts';

let first = true;

/** A screen's heading. It takes the focus when the screen appears, so that readers begin there. */
export function Heading({ children }: { children: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // Not when the page opens: there a reader begins at the top.
    if (!first) heading.current?.focus({ preventScroll: true });
    first = false;
  }, []);
  return (
    <h1 tabIndex={-1} ref={heading}>
      {children}
    </h1>
  );
}

/** The red button: a report whose category can be chosen later. */
export function RedButton({ hint }: { hint?: string }) {
  return (
    <button
      type="button"
      class="red-button"
      onClick={() => go({ name: 'write', category: '', bulletin: null })}
    >
      <svg viewBox="0 0 24 24" aria-hidden="true" class="red-button__sign">
        <path d="M10.5 3h3l-.5 11h-2zM12 16.5a2 2 0 1 1 0 4 2 2 0 0 1 0-4z" />
      </svg>
      <span class="red-button__words">
        <span class="red-button__name">{frame().red}</span>
        {hint && <span class="red-button__hint">{hint}</span>}
      </span>
    </button>
  );
}
