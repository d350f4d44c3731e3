/** What the values of a report's fields are called on a screen. */

import type { Names } from '../names.ts';
import { clock } from '../moments.ts';
import { wordFor, words } from '../words.ts';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

/** Return the words for a value of a field; a dash for none. */
export function valueText(field: string, value: string | null | undefined, names: Names): string {
  if (value === null || value === undefined || value === '') return '–';
  const w = words();
  switch (field) {
    case 'status':
      return wordFor(w.status, value);
    case 'urgency':
      return wordFor(w.urgency, value);
    case 'disposition':
      return wordFor(w.disposition, value);
    case 'category':
    case 'first_category':
      return names.category(value);
    case 'district':
      return names.district(value);
    case 'assignee':
      return names.officer(value);
    default:
      return TIME.test(value) ? clock(value) : value;
  }
}

/** Return the words for an answer of the category's form. */
export function answerText(value: boolean | number | string, label: string | undefined): string {
  if (label !== undefined) return label;
  if (typeof value === 'boolean') return value ? words().yes : words().no;
  return typeof value === 'string' && TIME.test(value) ? clock(value) : String(value);
}
