/** The keys of the list. Moving only moves the focus: it opens nothing. */

import { signal } from '@preact/signals';

export type Action = 'next' | 'previous' | 'acknowledge' | 'take' | 'find' | 'help';

const KEYS: Readonly<Record<string, Action>> = {
  j: 'next',
  k: 'previous',
  a: 'acknowledge',
  m: 'take',
  '/': 'find',
  '?': 'help',
};

/** Whether the keys are used: whoever speaks to the machine may switch them off. */
export const keysOn = signal(true);

/** Return what a key asks for; null while somebody types, or a dialog is open. */
export function actionOf(event: KeyboardEvent): Action | null {
  if (!keysOn.value || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) {
    return null;
  }
  const { target } = event;
  if (target instanceof Element) {
    if (target.closest('input, textarea, select, [contenteditable], dialog')) return null;
  }
  if (document.querySelector('dialog[open]')) return null;
  return KEYS[event.key] ?? null;
}

/** Move the focus to the next or previous link of a list; to the first when it is elsewhere. */
export function moveFocus(list: Element | null, by: 1 | -1): void {
  const links = [...(list?.querySelectorAll<HTMLAnchorElement>('.report-row__link') ?? [])];
  const row = document.activeElement?.closest('.report-row');
  const here = row ? links.findIndex((link) => row.contains(link)) : -1;
  const to = here === -1 ? links[0] : links[here + by];
  to?.focus();
  to?.closest('.report-row')?.scrollIntoView({ block: 'nearest' });
}

/** Return the id of the report whose row has the focus. */
export function focusedReport(): string | null {
  const row = document.activeElement?.closest<HTMLElement>('.report-row');
  return row?.dataset.id ?? null;
}
