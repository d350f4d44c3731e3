import { expect, test } from 'vitest';

import { type Entered, type Form, submissionOf } from './submission.ts';

const EMPTY: Entered = {
  category: 'missing_elderly',
  source: 'phone',
  text: ' An old man. ',
  occurred: '',
  lat: '',
  lon: '',
  address: '',
  name: '',
  phone: '',
  answers: {},
};
const FORM = [
  { name: 'age', label: 'Age', required: false, type: 'integer', minimum: 0, maximum: 120 },
  { name: 'injury', label: 'Hurt?', required: false, type: 'boolean' },
  { name: 'clothing', label: 'Clothing', required: false, type: 'text', max_length: 200 },
] as Form;

test('what was left out is not sent', () => {
  expect(submissionOf(EMPTY, FORM)).toEqual({
    category: 'missing_elderly',
    source: 'phone',
    text: 'An old man.',
  });
});

test('answers have the types of the form', () => {
  const answers = { age: '78', injury: 'no', clothing: '', other: 'x' };
  expect(submissionOf({ ...EMPTY, answers }, FORM).details).toEqual({ age: 78, injury: false });
});

test('a place needs both coordinates', () => {
  expect(submissionOf({ ...EMPTY, lat: '39.92' }, FORM).location).toBeUndefined();
  const place = { lat: '39.92', lon: '116.44', address: 'Bus stop' };
  expect(submissionOf({ ...EMPTY, ...place }, FORM).location).toEqual({
    lat: 39.92,
    lon: 116.44,
    address: 'Bus stop',
  });
});

test('a contact has what was given of it', () => {
  expect(submissionOf({ ...EMPTY, phone: '13800138000' }, FORM).contact).toEqual({
    phone: '13800138000',
  });
});
