/** What is sent for a report that an officer enters, and what is wrong with it. */

import { detailsOf } from '../../shared/answers.ts';
import type { Feature } from '../../shared/area.ts';
import { toRfc3339 } from '../../shared/time.ts';
import type { Schemas } from '../types.ts';
import {
  type EnteredPlace,
  locationOf,
  NO_PLACE,
  type PlaceFault,
  placeFaults,
} from './place.ts';

export type Form = Schemas['Category']['details'];

/** As it is typed: everything is text. */
export interface Entered extends EnteredPlace {
  category: string;
  source: Schemas['Source'];
  text: string;
  occurred: string;
  name: string;
  phone: string;
  answers: Record<string, string>;
}

export type Fault =
  | PlaceFault
  | { field: 'category' | 'text'; fault: 'missing' }
  | { field: 'occurred'; fault: 'time' };

export const NOTHING_ENTERED: Entered = {
  category: '',
  source: 'phone',
  text: '',
  occurred: '',
  ...NO_PLACE,
  name: '',
  phone: '',
  answers: {},
};

/** Return the form as a draft is kept; an empty text when nothing is entered. */
export function draftOf(entered: Entered): string {
  const text = JSON.stringify(entered);
  return text === JSON.stringify(NOTHING_ENTERED) ? '' : text;
}

/** Return the form that was kept. It was written by this page, so it is whole. */
export function enteredIn(draft: string): Entered {
  return draft ? (JSON.parse(draft) as Entered) : NOTHING_ENTERED;
}

/** Return what must be corrected before the report is sent, in the order of the page. */
export function faultsOf(entered: Entered, areas: readonly Feature[]): Fault[] {
  const faults: Fault[] = [];
  if (!entered.category) faults.push({ field: 'category', fault: 'missing' });
  if (!entered.text.trim()) faults.push({ field: 'text', fault: 'missing' });
  if (entered.occurred && toRfc3339(entered.occurred) === null) {
    faults.push({ field: 'occurred', fault: 'time' });
  }
  return [...faults, ...placeFaults(entered, areas)];
}

/** Return the submission of what was typed; what was left out is not sent. */
export function submissionOf(
  entered: Entered,
  form: Form,
  areas: readonly Feature[],
): Schemas['OfficerTextReport'] {
  const details = detailsOf(entered.answers, form);
  const location = locationOf(entered, areas);
  const occurredAt = entered.occurred ? toRfc3339(entered.occurred) : null;
  const [name, phone] = [entered.name.trim(), entered.phone.trim()];
  return {
    category: entered.category,
    source: entered.source,
    text: entered.text.trim(),
    ...(occurredAt && { occurred_at: occurredAt }),
    ...(location && { location }),
    ...(Object.keys(details).length > 0 && { details }),
    ...((name || phone) && { contact: { ...(name && { name }), ...(phone && { phone }) } }),
  };
}
