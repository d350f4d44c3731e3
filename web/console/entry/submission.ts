/** What is sent for a report that an officer enters. */

import { detailsOf } from '../../shared/answers.ts';
import type { Schemas } from '../types.ts';

export type Form = Schemas['Category']['details'];

/** As it is typed: everything is text. */
export interface Entered {
  category: string;
  source: Schemas['Source'];
  text: string;
  occurred: string;
  lat: string;
  lon: string;
  address: string;
  name: string;
  phone: string;
  answers: Record<string, string>;
}

/** Return the submission of what was typed; what was left out is not sent. */
export function submissionOf(entered: Entered, form: Form): Schemas['OfficerTextReport'] {
  const details = detailsOf(entered.answers, form);
  const location = locationOf(entered);
  const { name, phone } = entered;
  return {
    category: entered.category,
    source: entered.source,
    text: entered.text.trim(),
    ...(entered.occurred && { occurred_at: new Date(entered.occurred).toISOString() }),
    ...(location && { location }),
    ...(Object.keys(details).length > 0 && { details }),
    ...((name || phone) && { contact: { ...(name && { name }), ...(phone && { phone }) } }),
  };
}

function locationOf({ lat, lon, address }: Entered): Schemas['Location'] | null {
  const [north, east] = [Number.parseFloat(lat), Number.parseFloat(lon)];
  if (Number.isNaN(north) || Number.isNaN(east)) return null;
  return { lat: north, lon: east, ...(address.trim() && { address: address.trim() }) };
}
