import { expect, test } from 'vitest';

import {
  type Category,
  contentOf,
  emptyForm,
  faultsOf,
  type Form,
  formOf,
  isBegun,
  isPlaceless,
  type Limits,
} from './form.ts';

const NOW = new Date(2026, 10, 26, 12, 0);
const LIMITS: Limits = {
  text_max: 20,
  media_per_call: 5,
  media_per_report: 10,
  media_bytes_per_report: 1000,
  post_max_bytes: 100,
  part_size: 50,
  parts_per_call: 8,
  media: [],
};
const CATEGORY: Category = {
  code: 'missing_elderly',
  label: 'Missing elderly person',
  state: 'active',
  state_label: 'Active',
  activates_at: null,
  urgency: 'high',
  emergency: true,
  blur: false,
  details_version: 1,
  details: [
    { name: 'age', label: 'Age', required: false, type: 'integer', minimum: 0, maximum: 130 },
    { name: 'injury', label: 'Hurt?', required: false, type: 'boolean' },
    { name: 'last_seen', label: 'Seen', required: false, type: 'time' },
    { name: 'clothing', label: 'Clothing', required: false, type: 'text', max_length: 500 },
    { name: 'plate', label: 'Plate', required: false, type: 'text', max_length: 20 },
    {
      name: 'sex',
      label: 'Sex',
      required: false,
      type: 'choice',
      options: [{ code: 'female', label: 'Woman' }],
    },
  ],
};

const form = (part: Partial<Form> = {}): Form => ({
  ...emptyForm(CATEGORY.code),
  text: 'Somebody',
  ...part,
});
const faults = (part: Partial<Form>, files = 0): readonly string[] =>
  faultsOf(form(part), files, CATEGORY, LIMITS, NOW).map(({ field, fault }) => `${field} ${fault}`);

test('a category and a few words are a report', () => {
  expect(faults({})).toEqual([]);
  expect(contentOf(form(), CATEGORY)).toEqual({ category: 'missing_elderly', text: 'Somebody' });
});

test('a category and a photo are a report, without a text', () => {
  expect(faults({ text: ' ' }, 1)).toEqual([]);
  expect(contentOf(form({ text: ' ' }), CATEGORY)).toEqual({ category: 'missing_elderly' });
});

test('what is about the police is sent so, and comes back so to be corrected', () => {
  const body = contentOf(form({ concernsPolice: true }), CATEGORY);
  expect(body).toMatchObject({ concerns_police: true });
  expect(formOf(body, false).concernsPolice).toBe(true);
  expect(contentOf(form(), CATEGORY)).not.toHaveProperty('concerns_police');
});

test('neither words nor a file is no report', () => {
  expect(faults({ text: ' ' })).toEqual(['text needs']);
});

test('a category must be chosen, and be open', () => {
  expect(faults({ category: '' })).toEqual(['category needsCategory']);
  const closed: Category = { ...CATEGORY, state: 'paused' };
  expect(faultsOf(form(), 0, closed, LIMITS, NOW).map(({ fault }) => fault)).toEqual([
    'closedCategory',
  ]);
});

test('a text is as long as its characters, not as their units', () => {
  expect(faults({ text: '😀'.repeat(20) })).toEqual([]);
  expect(faults({ text: 'a'.repeat(21) })).toEqual(['text long']);
});

test('each answer is sent as its field is: numbers, truths, times', () => {
  const answers = {
    age: ' 78 ',
    injury: 'no',
    last_seen: '2026-11-26T10:00',
    clothing: 'Blue coat\nGrey hat',
    plate: 'A\n123',
    sex: 'female',
    unknown: 'left out',
  };
  expect(faults({ answers })).toEqual([]);
  expect(contentOf(form({ answers }), CATEGORY).details).toEqual({
    age: 78,
    injury: false,
    last_seen: expect.stringMatching(/^2026-11-26T10:00:00[+-]/) as string,
    clothing: 'Blue coat\nGrey hat',
    plate: 'A, 123',
    sex: 'female',
  });
});

test('when it was is asked once, and answers the question of the category, too', () => {
  const asks = { ...CATEGORY, details: [{ name: 'time', label: 'When was it?', required: false, type: 'time' as const }] };
  const when = '2026-11-24T08:30';
  const sent = contentOf(form({ when }), asks);
  expect(sent.details?.time).toBe(sent.occurred_at);
  expect(contentOf(form({}), asks).details).toBeUndefined();
});

test('wide digits are digits', () => {
  expect(faults({ answers: { age: '７' } })).toEqual([]);
  expect(contentOf(form({ answers: { age: '７' } }), CATEGORY).details).toEqual({ age: 7 });
});

test.each([
  [{ answers: { age: '131' } }, 'details.age range'],
  [{ answers: { age: '7.5' } }, 'details.age range'],
  [{ answers: { plate: 'A'.repeat(21) } }, 'details.plate long'],
  [{ answers: { last_seen: 'then' } }, 'details.last_seen time'],
  [{ when: 'then' }, 'occurred_at time'],
  [{ when: '2026-11-28T12:01' }, 'occurred_at future'],
  [{ when: '1900-01-01T10:00' }, 'occurred_at past'],
  [{ when: '0001-01-01T10:00' }, 'occurred_at past'],
  [{ contact: { name: '', phone: 'call me', email: '' } }, 'contact.phone badPhone'],
  [{ contact: { name: '', phone: '', email: 'me@home' } }, 'contact.email badEmail'],
  [{ contact: { name: 'a'.repeat(101), phone: '', email: '' } }, 'contact.name long'],
  [{ address: 'a'.repeat(201) }, 'location.address long'],
])('a wrong field is named: %j', (part, expected) => {
  expect(faults(part)).toEqual([expected]);
});

test('what a contact app pastes around a number is no fault, and is not sent', () => {
  const pasted = (text: string) => `\u202a${text}\u2069\0`;
  const part = {
    text: pasted('x'.repeat(LIMITS.text_max)),
    place: { kind: 'here', lat: 39.9, lon: 116.4, accuracy: 20 } as const,
    address: pasted('a'.repeat(200)),
    answers: { age: pasted('78'), plate: pasted('A'.repeat(20)) },
    contact: {
      name: pasted('n'.repeat(100)),
      phone: pasted('+86\u00a0138\u200e0013\u20118000'),
      email: pasted('li\ufeff@home.example'),
    },
  };
  expect(faults(part)).toEqual([]);
  expect(contentOf(form(part), CATEGORY)).toMatchObject({
    text: 'x'.repeat(LIMITS.text_max),
    location: { address: 'a'.repeat(200) },
    details: { age: 78, plate: 'A'.repeat(20) },
    contact: { name: 'n'.repeat(100), phone: '+86 1380013-8000', email: 'li@home.example' },
  });
  expect(faults({ text: pasted('') })).toEqual(['text needs']);
});

test('the name of an area is cut between characters, not within one', () => {
  const place = { kind: 'area', code: 'c', label: '🚒'.repeat(150), lat: 39.9, lon: 116.4, reach: 9 } as const;
  const sent = contentOf(form({ place, address: '🚒'.repeat(150) }), CATEGORY).location?.address ?? '';
  expect([...sent]).toHaveLength(200);
  expect(sent.endsWith('🚒')).toBe(true);
});

test('an area that was not picked yet stops no report, which goes without a place', () => {
  const unpicked = form({ place: { kind: 'unpicked' }, text: 'A van.' });
  expect(faultsOf(unpicked, 0, CATEGORY, LIMITS, NOW)).toEqual([]);
  expect(isPlaceless(unpicked.place)).toBe(true);
  expect(contentOf(unpicked, CATEGORY)).not.toHaveProperty('location');
  expect(isBegun({ ...emptyForm(), place: unpicked.place }, 0)).toBe(false);
});

test('a place that the phone found says how exact it is', () => {
  const place = { kind: 'here', lat: 39.92123456, lon: 116.44, accuracy: 12.3 } as const;
  expect(contentOf(form({ place, address: 'By the\nbank' }), CATEGORY).location).toEqual({
    lat: 39.921235,
    lon: 116.44,
    datum: 'wgs84',
    accuracy_m: 13,
    address: 'By the, bank',
  });
});

test('an area is a point that reaches all of it, by its name', () => {
  const place = {
    kind: 'area',
    code: 'chaoyang',
    label: 'Chaoyang',
    lat: 39.9,
    lon: 116.4,
    reach: 9000.5,
  } as const;
  expect(contentOf(form({ place }), CATEGORY).location).toEqual({
    lat: 39.9,
    lon: 116.4,
    datum: 'wgs84',
    accuracy_m: 9001,
    address: 'Chaoyang',
  });
});

test('only what was filled in of a contact is sent', () => {
  const contact = { name: ' Li ', phone: '', email: '' };
  expect(contentOf(form({ contact }), CATEGORY).contact).toEqual({ name: 'Li' });
  expect(contentOf(form(), CATEGORY)).not.toHaveProperty('contact');
});

test('a lead names its bulletin', () => {
  const bulletin = { id: 'B1', title: 'Looking for Mr Wang', channel: 'missing_persons' };
  expect(contentOf(form({ bulletin }), CATEGORY).bulletin_id).toBe('B1');
});

test('a report that was refused becomes the form that it was made of', () => {
  const sent = form({
    when: '2026-11-26T10:00',
    place: { kind: 'here', lat: 39.9, lon: 116.4, accuracy: 20 },
    address: 'By the bank',
    answers: { age: '78', injury: 'yes', last_seen: '2026-11-26T09:30', clothing: 'Blue' },
    contact: { name: 'Li', phone: '+86 10 1234 5678', email: '' },
  });
  const again = formOf(contentOf(sent, CATEGORY), false);
  expect(again).toEqual(sent);
});

test('a report is begun by anything that would be a pity to lose', () => {
  expect(isBegun(emptyForm('other'), 0)).toBe(false);
  expect(isBegun(emptyForm('other'), 1)).toBe(true);
  expect(isBegun(form(), 0)).toBe(true);
  expect(isBegun(form({ text: ' ', answers: { age: '7' } }), 0)).toBe(true);
});
