/** The keys of the list, and of a report. Moving only moves the focus: it opens nothing. */

import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

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
  | 'takeOut'
  | 'gist';

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
  g: 'gist',
  '/': 'find',
  '?': 'help',
};

/** Whether the keys are used: whoever speaks to the machine may switch them off. */
export const keysOn = signal(true);

/**
 * Do what keys ask for: `act` returns whether it did. Not while somebody types, or a dialog is open
 * that the keys are not of.
 */
export function useKey(act: (key: string) => boolean, inDialog = false): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (isTyped(event) || (!inDialog && document.querySelector('dialog[open]'))) return;
      if (latest.current(event.key)) event.preventDefault();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, [inDialog]);
}

/** Do what the keys of a list ask for. */
export function useKeys(act: (action: Action) => void): void {
  useKey((key) => {
    const action = KEYS[key];
    if (action !== undefined) act(action);
    return action !== undefined;
  });
}

/**
 * Choose rows by a key, as far as it is not the browser's own at what has the focus. Calls `isNot` at
 * a row that cannot be chosen.
 */
export function chooseBy(event: KeyboardEvent, selection: Selection, isNot: () => void): void {
  const isPressed = event.target instanceof Element && event.target.closest('button, input, summary');
  const at = isPressed ? null : focusedReport();
  if (isTyped(event) || document.querySelector('dialog[open]')) return;
  const isChosen = selection.press(event, at);
  if (isChosen || (event.key === ' ' && at !== null)) event.preventDefault();
  if (!isChosen && event.key === ' ' && at !== null) isNot();
}

function isTyped(event: KeyboardEvent): boolean {
  const { target } = event;
  if (!keysOn.value || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) {
    return true;
  }
  const typing = 'input:not([type="checkbox"]), textarea, select, [contenteditable]';
  return target instanceof Element && target.closest(typing) !== null;
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

interface HelpProps {
  open: boolean;
  onClose: () => void;
  keys: readonly (readonly [key: string, what: string])[];
  children?: ComponentChildren;
}

/** Which keys there are, and a switch to use none. */
export function Help({ open, onClose, keys, children }: HelpProps) {
  const { help } = queueTexts();
  return (
    <Dialog open={open} title={help.title} onClose={onClose}>
      <p>{help.intro}</p>
      <dl class="keys">
        {keys.map(([key, text]) => (
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
      {children}
      <p>
        <Button kind="primary" onClick={onClose}>
          {help.close}
        </Button>
      </p>
    </Dialog>
  );
}

/** The keys of all lists of reports. */
export function keysOfRows(enter: string, choose: string): HelpProps['keys'] {
  const { help } = queueTexts();
  return [
    ['j', help.j],
    ['k', help.k],
    ['Enter', enter],
    ['a', help.a],
    ['m', help.m],
    [help.space, choose],
    [help.shiftSpace, help.through],
    [help.shiftA, help.chooseAll],
    ['Esc', help.chooseNone],
  ];
}

/** The keys of the list, and in which order it is. */
export function ListHelp(props: Pick<HelpProps, 'open' | 'onClose'>) {
  const { attention, help } = queueTexts();
  return (
    <Help
      {...props}
      keys={[
        ...keysOfRows(help.enter, help.choose),
        ['s', help.s],
        ['u', help.u],
        ['/', help.slash],
        ['n', help.n],
        ['g', help.g],
        ['?', help.question],
      ]}
    >
      <h3>{help.orderTitle(attention)}</h3>
      <p>{help.order}</p>
    </Help>
  );
}
