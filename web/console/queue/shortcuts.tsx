/** The keys of the list. Moving only moves the focus: it opens nothing. */

import { signal } from '@preact/signals';

import { Button } from '../../shared/components/button.tsx';
import { Check } from '../../shared/components/choices.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { queueTexts } from './texts.ts';

export type Action = 'next' | 'previous' | 'acknowledge' | 'take' | 'find' | 'gist' | 'help' | 'unopened';

const KEYS: Readonly<Record<string, Action>> = {
  j: 'next',
  k: 'previous',
  a: 'acknowledge',
  m: 'take',
  n: 'unopened',
  g: 'gist',
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

/** Which keys there are, and a switch to use none. */
export function Help({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { help } = queueTexts();
  const rows: [string, string][] = [
    ['j', help.j],
    ['k', help.k],
    ['Enter', help.enter],
    ['a', help.a],
    ['m', help.m],
    ['/', help.slash],
    ['n', help.n],
    ['g', help.g],
    ['?', help.question],
  ];
  return (
    <Dialog open={open} title={help.title} onClose={onClose}>
      <p>{help.intro}</p>
      <dl class="keys">
        {rows.map(([key, text]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <Check checked={keysOn.value} onChange={(on) => (keysOn.value = on)}>
        {help.enabled}
      </Check>
      <h3>{help.orderTitle(queueTexts().attention)}</h3>
      <p>{help.order}</p>
      <p>
        <Button kind="primary" onClick={onClose}>
          {help.close}
        </Button>
      </p>
    </Dialog>
  );
}
