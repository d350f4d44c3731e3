import { expect, test } from 'vitest';

import {
  draftOf,
  enteredIn,
  faultsOf,
  type Form,
  NOTHING_ENTERED,
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

test('a form in which nothing is entered is no draft, also after something was', () => {
  expect(draftOf(NOTHING_ENTERED)).toBe('');
  expect(draftOf({ ...ENTERED, category: '', text: '' })).toBe('');
  expect(enteredIn('')).toEqual(NOTHING_ENTERED);
});

test('all of a form is kept', () => {
  const entered = { ...ENTERED, source: 'desk' as const, within: 12, answers: { age: '78' } };
  expect(enteredIn(draftOf(entered))).toEqual(entered);
});
