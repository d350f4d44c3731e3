/** The texts of a report in which words can be masked, and what is selected in them. */

import { clock } from '../../shared/time.ts';
import type { Report, Schemas } from '../types.ts';
import { maskTexts } from './mask-texts.ts';

type Part = Schemas['Mask']['part'];

export interface MaskedText {
  key: string;
  part: Part;
  name: string | null;
  label: string;
  text: string;
}

/** Return the key of a text, by which its element on the page is known. */
export function textKey(part: Part, name: string | null = null): string {
  return name === null ? part : `${part}:${name}`;
}

type Texts = Pick<Report, 'text' | 'location' | 'answers' | 'messages' | 'notes'>;

/** Return all texts of an opened report that have words. */
export function textsOf({ text, location, answers, messages, notes }: Texts): MaskedText[] {
  const { parts } = maskTexts();
  const found: [Part, string | null, string, unknown][] = [
    ['text', null, parts.text, text],
    ['address', null, parts.address, location?.address],
    ...(answers ?? []).map(({ name, label, value }): [Part, string, string, unknown] => [
      'detail',
      name,
      label,
      value,
    ]),
    ...messages.map(({ id, sent_at: at, text }): [Part, string, string, unknown] => [
      'message',
      id,
      `${parts.message}, ${clock(at)}`,
      text,
    ]),
    ...notes.map(({ id, at, text }): [Part, string, string, unknown] => [
      'note',
      id,
      `${parts.note}, ${clock(at)}`,
      text,
    ]),
  ];
  return found.flatMap(([part, name, label, words]) =>
    typeof words === 'string' && words !== ''
      ? [{ key: textKey(part, name), part, name, label, text: words }]
      : [],
  );
}

/** Part of a text, in UTF-16 units as browsers count them. */
export interface Selected {
  key: string;
  start: number;
  end: number;
}

/** Return where a passage is as the API counts it: in code points. */
export function passageOf(text: string, { start, end }: Selected): { start: number; passage: string } {
  return { start: [...text.slice(0, start)].length, passage: text.slice(start, end) };
}

/** Return what is selected on the page, if that is within one text that can be masked. */
export function selectedOnPage(): Selected | null {
  const selection = getSelection();
  if (selection === null || selection.isCollapsed || selection.rangeCount === 0) return null;
  const range = selection.getRangeAt(0);
  const parent = range.commonAncestorContainer;
  const element = (parent instanceof Element ? parent : parent.parentElement)?.closest('[data-text]');
  const key = element?.getAttribute('data-text');
  if (!element || !key) return null;
  const before = document.createRange();
  before.selectNodeContents(element);
  before.setEnd(range.startContainer, range.startOffset);
  const start = before.toString().length;
  return { key, start, end: start + range.toString().length };
}
