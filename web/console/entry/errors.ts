/** What is wrong with an entered report, in words and at which field. */

import type { Feature } from '../../shared/area.ts';
import type { Failure } from '../calls.ts';
import { areaOf, type EnteredPlace } from './place.ts';
import type { Fault } from './submission.ts';
import { entryTexts } from './texts.ts';

export interface EntryError {
  /** What makes two errors the same one, in any language. */
  key: string;
  /** The id of the field; none for what is about the whole report. */
  field?: string;
  text: string;
}

/** The API's names of fields, where the page has others. */
const FIELDS: Readonly<Record<string, string>> = {
  occurred_at: 'occurred',
  location: 'area',
  'location.lat': 'lat',
  'location.lon': 'lon',
  'location.address': 'address',
  'contact.name': 'name',
  'contact.phone': 'phone',
};

const OWN = ['category', 'source', 'text', ...Object.values(FIELDS)];

/** Return the id of a field, by its name on the page. */
export function idOf(field: string): string {
  return `entry-${field.replace('.', '-')}`;
}

/** Return what is wrong with the field that has this id. */
export function errorOf(errors: readonly EntryError[], id: string): string | null {
  return errors.find((each) => each.field === id)?.text ?? null;
}

/** Return a fault in words. */
export function inWords(
  fault: Fault,
  place: EnteredPlace,
  areas: readonly Feature[],
): EntryError {
  return {
    key: `${fault.field} ${fault.fault}`,
    field: idOf(fault.field),
    text: textOf(fault, areaOf(place, areas)?.properties.label ?? ''),
  };
}

/** Return why the API refused a report: at the fields it names, or as a whole. */
export function refusals({ problem, text }: Failure): EntryError[] {
  const named = (problem?.errors ?? []).map(({ field, detail }) => {
    const own = FIELDS[field] ?? field;
    const isHere = OWN.includes(own) || field.startsWith('details.');
    return { key: field, text: detail, ...(isHere && { field: idOf(own) }) };
  });
  return named.length > 0 ? named : [{ key: 'report', text }];
}

function textOf(fault: Fault, area: string): string {
  const t = entryTexts();
  switch (fault.fault) {
    case 'districtOfAddress':
      return t.districtOfAddress;
    case 'degrees':
      return fault.field === 'lat' ? t.latWrong : t.lonWrong;
    case 'otherArea':
      return t.otherArea(area);
    case 'long':
      return t.addressLong(fault.most ?? 0);
    case 'time':
      return t.timeWrong;
    case 'missing':
      switch (fault.field) {
        case 'category':
          return t.chooseCategory;
        case 'text':
          return t.writeText;
        default:
          return fault.field === 'lat' ? t.latMissing : t.lonMissing;
      }
  }
}
