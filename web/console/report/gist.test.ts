import { expect, test } from 'vitest';

import { lengthOf } from '../../shared/answers.ts';
import { copiedNumber, suggestion } from './gist.tsx';

const names = { station: () => '奥运村派出所', district: () => '朝阳' };
const answer = { name: 'x', label: 'Dementia?', value: 'yes', value_label: 'Yes' };

test('what is offered has chosen answers, a yes, numbers and the place, and no words of a reporter', () => {
  const typed = { name: 'clothing', label: 'Clothing', value: 'blue coat' };
  const ticked = { name: 'armed', label: 'Armed', value: true };
  const not = { name: 'hurt', label: 'Hurt', value: false };
  const age = { name: 'age', label: 'Age', value: 13 };
  const report = { answers: [answer, typed, ticked, not, age], station: null, district: 'chaoyang' };
  expect(suggestion(report, names)).toBe('Dementia? Yes · Armed: Yes · Age: 13 · 朝阳');
  expect(suggestion({ ...report, answers: null, station: 'ayc' }, names)).toBe('奥运村派出所');
});

test('it fits, and the place is the last to go', () => {
  const long = Array.from({ length: 9 }, () => answer);
  const offered = suggestion({ answers: long, station: null, district: 'chaoyang' }, names);
  expect(offered.length).toBeLessThanOrEqual(80);
  expect(offered).toMatch(/朝阳$/);
});

test('its length counts characters as the API does', () => {
  expect(lengthOf(' 一😀 ')).toBe(2);
});

test('a number of the reporter is found before anything is sent', () => {
  const report = {
    text: 'The car is 京A12345, room 302.',
    location: null,
    messages: [],
  };
  expect(copiedNumber('a car, A12345', report)).toBe('A12345');
  expect(copiedNumber('a car with 2345', report)).toBe('2345');
  expect(copiedNumber('room 302, 2 cars, 9999', report)).toBeNull();
});
