/** What is sent for a report that an officer enters, and what is wrong with it. */

import city from 'virtual:city';

import { detailsOf, digits, lengthOf, oneLine, worded } from '../../shared/answers.ts';
import { contains, type Feature, innerPoint, type Point, reach } from '../../shared/area.ts';
import { parted } from '../../shared/language.ts';
import { toRfc3339 } from '../../shared/time.ts';
import type { Failure } from '../calls.ts';
import type { Schemas } from '../types.ts';
import { entryTexts } from './texts.ts';

export type Form = Schemas['Category']['details'];

/** As it is typed: everything is text. */
export interface Entered extends EnteredPlace {
  category: string;
  source: Schemas['Source'];
  police: boolean;
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

export const NO_PLACE: EnteredPlace = { area: '', address: '', lat: '', lon: '', within: null };

export const NOTHING_ENTERED: Entered = {
  category: '',
  source: 'phone',
  police: false,
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
  if (!worded(entered.text)) faults.push({ field: 'text', fault: 'missing' });
  if (entered.occurred && toRfc3339(entered.occurred, city.timeZone) === null) {
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
  const occurredAt = entered.occurred ? toRfc3339(entered.occurred, city.timeZone) : null;
  const [name, phone] = [oneLine(entered.name), digits(entered.phone)];
  return {
    category: entered.category,
    source: entered.source,
    text: worded(entered.text),
    ...(entered.police && { concerns_police: true }),
    ...(occurredAt && { occurred_at: occurredAt }),
    ...(location && { location }),
    ...(Object.keys(details).length > 0 && { details }),
    ...((name || phone) && { contact: { ...(name && { name }), ...(phone && { phone }) } }),
  };
}

/** As it is typed: everything is text. */
export interface EnteredPlace {
  /** The code of a district or of the area of a station; empty for none. */
  area: string;
  address: string;
  lat: string;
  lon: string;
  /** How many metres a point may be off that was tapped on the map; null for one that was typed. */
  within: number | null;
}

export type PlaceField = 'area' | 'address' | 'lat' | 'lon';

export interface PlaceFault {
  field: PlaceField;
  fault: 'districtOfAddress' | 'missing' | 'degrees' | 'otherArea' | 'long';
  /** Of a text that is too long. */
  most?: number;
}

// Those of the API.
const ADDRESS_MAX = 200;
const ACCURACY_MAX = 100_000;
const MOST_DEGREES = { lat: 90, lon: 180 };

/** Return what keeps a place from being sent as it was entered: nothing of it is left out. */
export function placeFaults(place: EnteredPlace, areas: readonly Feature[]): PlaceFault[] {
  const faults = pointFaults(place);
  const point = pointOf(place);
  const area = areaOf(place, areas);
  if (point && area && !contains(area, point)) faults.push({ field: 'lat', fault: 'otherArea' });
  const address = oneLine(place.address);
  const isAlone = !area && !digits(place.lat) && !digits(place.lon);
  if (address && isAlone) faults.unshift({ field: 'area', fault: 'districtOfAddress' });
  const over = lengthOf(addressOf(place, area)) - ADDRESS_MAX;
  if (over > 0) faults.push({ field: 'address', fault: 'long', most: lengthOf(address) - over });
  return faults;
}

/**
 * Return the location of a report, or null when none was entered. A district without a point is one
 * well inside it, known to its farthest corner, with the name of the district before the address.
 */
export function locationOf(
  place: EnteredPlace,
  areas: readonly Feature[],
): Schemas['Location'] | null {
  const area = areaOf(place, areas);
  const point = pointOf(place) ?? (area ? innerPoint(area) : null);
  if (!point) return null;
  const within = pointOf(place) ? place.within : area ? reach(area, point) : null;
  const address = addressOf(place, area);
  return {
    lat: round(point.lat),
    lon: round(point.lon),
    ...(within !== null && { accuracy_m: Math.min(Math.ceil(within), ACCURACY_MAX) }),
    ...(address && { address }),
  };
}

/** Return the area that was chosen. */
export function areaOf(
  { area }: Pick<EnteredPlace, 'area'>,
  areas: readonly Feature[],
): Feature | undefined {
  return areas.find(({ properties }) => properties.code === area);
}

/** Return the point that was entered; null for none, or half of one. */
export function pointOf({ lat, lon }: Pick<EnteredPlace, 'lat' | 'lon'>): Point | null {
  const [north, east] = [degrees(lat, 'lat'), degrees(lon, 'lon')];
  return north === null || east === null ? null : { lat: north, lon: east };
}

function pointFaults({ lat, lon }: EnteredPlace): PlaceFault[] {
  const given = { lat: digits(lat), lon: digits(lon) };
  if (!given.lat && !given.lon) return [];
  return (['lat', 'lon'] as const).flatMap((field): PlaceFault[] => {
    if (!given[field]) return [{ field, fault: 'missing' }];
    return degrees(given[field], field) === null ? [{ field, fault: 'degrees' }] : [];
  });
}

/** A point says by itself where it is; an area is said in words, too. */
function addressOf(place: EnteredPlace, area: Feature | undefined): string {
  const address = oneLine(place.address);
  if (pointOf(place) || !area) return address;
  return parted([area.properties.label, address]);
}

function degrees(typed: string, field: 'lat' | 'lon'): number | null {
  const text = digits(typed);
  if (!/^[-+]?\d{1,3}(\.\d+)?$/.test(text)) return null;
  const number = Number(text);
  return Math.abs(number) <= MOST_DEGREES[field] ? number : null;
}

/** Six digits behind the point are a tenth of a metre: more says nothing. */
function round(number: number): number {
  return Math.round(number * 1e6) / 1e6;
}

/** What is wrong with an entered report, in words and at which field. */
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
