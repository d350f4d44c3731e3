/** The keys of the list. Moving only moves the focus: it opens nothing. */

import { signal } from '@preact/signals';

import { Button } from '../../shared/components/button.tsx';
import { Check } from '../../shared/components/choices.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import type { Selection } from '../parts/selection.ts';
import { queueTexts } from './texts.ts';

export type Action =
  | 'next'
  | 'previous'
  | 'acknowledge'
  | 'take'
  | 'find'
  | 'help'
  | 'unopened'
  | 'takeIn'
  | 'step'
  | 'undo'
  | 'split'
  | 'takeOut';

const KEYS: Readonly<Record<string, Action>> = {
  j: 'next',
  k: 'previous',
  a: 'acknowledge',
  m: 'take',
  n: 'unopened',
  i: 'takeIn',
  s: 'step',
  u: 'undo',
  p: 'split',
  o: 'takeOut',
  '/': 'find',
  '?': 'help',
};

/** Whether the keys are used: whoever speaks to the machine may switch them off. */
export const keysOn = signal(true);

/** Return what a key asks for; null while somebody types, or a dialog is open. */
export function actionOf(event: KeyboardEvent): Action | null {
  return isForList(event) ? (KEYS[event.key] ?? null) : null;
}

/**
 * Choose rows by a key, as far as it is not the browser's own at what has the focus. Calls `isNot` at
 * a row that cannot be chosen.
 */
export function chooseBy(event: KeyboardEvent, selection: Selection, isNot: () => void): void {
  const isPressed = event.target instanceof Element && event.target.closest('button, input, summary');
  const at = isPressed ? null : focusedReport();
  if (!isForList(event)) return;
  const isChosen = selection.press(event, at);
  if (isChosen || (event.key === ' ' && at !== null)) event.preventDefault();
  if (!isChosen && event.key === ' ' && at !== null) isNot();
}

function isForList(event: KeyboardEvent): boolean {
  if (!keysOn.value || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) {
    return false;
  }
  const { target } = event;
  if (target instanceof Element) {
    const typing = 'input:not([type="checkbox"]), textarea, select, [contenteditable], dialog';
    if (target.closest(typing)) return false;
  }
  return document.querySelector('dialog[open]') === null;
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
    [help.space, help.choose],
    [help.shiftSpace, help.through],
    [help.shiftA, help.chooseAll],
    ['Esc', help.chooseNone],
    ['s', help.s],
    ['u', help.u],
    ['/', help.slash],
    ['n', help.n],
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
