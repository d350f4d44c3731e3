import { expect, test } from 'vitest';

import { contains, type Feature } from '../../shared/area.ts';
import { language } from '../../shared/language.ts';
import {
  draftOf,
  enteredIn,
  faultsOf,
  type Form,
  locationOf,
  NO_PLACE,
  NOTHING_ENTERED,
  placeFaults,
  submissionOf,
} from './submission.ts';

const ENTERED = { ...NOTHING_ENTERED, category: 'missing_elderly', text: ' An old man. ' };
const FORM = [
  { name: 'age', label: 'Age', required: false, type: 'integer', minimum: 0, maximum: 120 },
  { name: 'injury', label: 'Hurt?', required: false, type: 'boolean' },
  { name: 'clothing', label: 'Clothing', required: false, type: 'text', max_length: 200 },
] as Form;

test('what was left out is not sent', () => {
  expect(submissionOf(ENTERED, FORM, [])).toEqual({
    category: 'missing_elderly',
    source: 'phone',
    text: 'An old man.',
  });
});

test('answers have the types of the form', () => {
  const answers = { age: '78', injury: 'no', clothing: '', other: 'x' };
  const sent = submissionOf({ ...ENTERED, answers }, FORM, []);
  expect(sent.details).toEqual({ age: 78, injury: false });
});

test('a report needs a category and a text, and no time before there were any', () => {
  expect(faultsOf(ENTERED, [])).toEqual([]);
  const faults = faultsOf({ ...NOTHING_ENTERED, occurred: '0012-01-01T10:00' }, []);
  expect(faults.map(({ field }) => field)).toEqual(['category', 'text', 'occurred']);
});

test('a place goes with it', () => {
  const sent = submissionOf({ ...ENTERED, lat: '39.92', lon: '116.44' }, FORM, []);
  expect(sent.location).toEqual({ lat: 39.92, lon: 116.44 });
});

test('a contact has what was given of it', () => {
  const sent = submissionOf({ ...ENTERED, phone: '13800138000' }, FORM, []);
  expect(sent.contact).toEqual({ phone: '13800138000' });
});

test('what is pasted with a number or a place is no fault, and is not sent', () => {
  const pasted = (text: string) => `\u202a${text}\u202c`;
  const entered = {
    ...ENTERED,
    text: pasted('An old man.'),
    lat: pasted('39.92'),
    lon: pasted('116.44'),
    address: pasted('🚒'.repeat(200)),
    name: pasted('Li'),
    phone: pasted('138\u00a00013\u00a08000'),
    answers: { age: pasted('78') },
  };
  expect(faultsOf(entered, [])).toEqual([]);
  expect(submissionOf(entered, FORM, [])).toEqual({
    category: 'missing_elderly',
    source: 'phone',
    text: 'An old man.',
    location: { lat: 39.92, lon: 116.44, address: '🚒'.repeat(200) },
    details: { age: 78 },
    contact: { name: 'Li', phone: '138 0013 8000' },
  });
  expect(faultsOf({ ...ENTERED, text: pasted('') }, []).map(({ field }) => field)).toEqual(['text']);
});

test('a form in which nothing is entered is no draft, also after something was', () => {
  expect(draftOf(NOTHING_ENTERED)).toBe('');
  expect(draftOf({ ...ENTERED, category: '', text: '' })).toBe('');
  expect(enteredIn('')).toEqual(NOTHING_ENTERED);
});

test('all of a form is kept', () => {
  const entered = { ...ENTERED, source: 'desk' as const, within: 12, answers: { age: '78' } };
  expect(enteredIn(draftOf(entered))).toEqual(entered);
});

const AREAS = [square('west', 'West', 116), square('east', 'East', 117)];

function square(code: string, label: string, west: number): Feature {
  const corners = [
    [west, 39],
    [west + 1, 39],
    [west + 1, 40],
    [west, 40],
    [west, 39],
  ];
  return {
    type: 'Feature',
    properties: { code, kind: 'district', label },
    geometry: { type: 'Polygon', coordinates: [corners] },
  };
}

function faults(place: Partial<typeof NO_PLACE>): string[] {
  return placeFaults({ ...NO_PLACE, ...place }, AREAS).map(({ field, fault }) => `${field} ${fault}`);
}

test('no place is none', () => {
  expect(faults({})).toEqual([]);
  expect(locationOf(NO_PLACE, AREAS)).toBeNull();
});

test('a district is a point well inside it, with its name before the address', () => {
  language.value = 'en';
  const place = { ...NO_PLACE, area: 'east', address: ' Sanlitun Road 11 ' };
  expect(placeFaults(place, AREAS)).toEqual([]);
  const location = locationOf(place, AREAS);
  expect(location?.address).toBe('East, Sanlitun Road 11');
  expect(AREAS.map((area) => location && contains(area, location))).toEqual([false, true]);
  expect(location?.accuracy_m).toBeGreaterThan(60_000);
});

test('an address asks for its district, unless there are coordinates', () => {
  expect(faults({ address: 'Sanlitun Road 11' })).toEqual(['area districtOfAddress']);
  expect(faults({ address: 'Sanlitun Road 11', lat: '39.5', lon: '116.5' })).toEqual([]);
});

test('half a pair of coordinates is wrong, and so is what is none', () => {
  expect(faults({ lat: '39.92', address: 'Bus stop' })).toEqual(['lon missing']);
  expect(faults({ lon: '116.44', area: 'west' })).toEqual(['lat missing']);
  expect(faults({ lat: '116.44', lon: '39.92' })).toEqual(['lat degrees']);
  expect(faults({ lat: '39.92N', lon: '116.44' })).toEqual(['lat degrees']);
});

test('coordinates are sent as they are typed, also with wide digits', () => {
  const place = { ...NO_PLACE, lat: '３９．９２', lon: ' 116.44 ', address: 'Bus stop' };
  expect(placeFaults(place, AREAS)).toEqual([]);
  expect(locationOf(place, AREAS)).toEqual({ lat: 39.92, lon: 116.44, address: 'Bus stop' });
});

test('a point on the map is known to some metres', () => {
  const tapped = { ...NO_PLACE, area: 'west', lat: '39.5', lon: '116.5', within: 120.2 };
  expect(locationOf(tapped, AREAS)?.accuracy_m).toBe(121);
});

test('coordinates in another district than the chosen one are wrong', () => {
  expect(faults({ area: 'east', lat: '39.5', lon: '116.5' })).toEqual(['lat otherArea']);
  expect(faults({ area: 'west', lat: '39.5', lon: '116.5' })).toEqual([]);
});

test('an address that does not fit is not cut', () => {
  const found = placeFaults({ ...NO_PLACE, area: 'east', address: 'x'.repeat(200) }, AREAS);
  expect(found).toEqual([{ field: 'address', fault: 'long', most: 194 }]);
});
