import { signal } from '@preact/signals';
import { expect, test } from 'vitest';

import { Selection } from './selection.ts';

function rows(...ids: string[]) {
  const shown = signal(ids);
  const selection = new Selection(() => shown.value);
  const press = (key: string, at: string | null, shiftKey = false) =>
    selection.press({ key, shiftKey }, at);
  return { shown, selection, press };
}

test('Space chooses the row that has the focus, and a second time no longer', () => {
  const { selection, press } = rows('a', 'b', 'c');
  expect([press(' ', 'c'), press(' ', 'a')]).toEqual([true, true]);
  expect(selection.ids.value).toEqual(['a', 'c']);
  press(' ', 'c');
  expect(selection.ids.value).toEqual(['a']);
});

test('with Shift all rows are chosen from the last one to this one, in either direction', () => {
  const { selection, press } = rows('a', 'b', 'c', 'd', 'e');
  press(' ', 'd');
  press(' ', 'b', true);
  expect(selection.ids.value).toEqual(['b', 'c', 'd']);
  press(' ', 'e', true);
  expect(selection.ids.value).toEqual(['b', 'c', 'd', 'e']);
});

test('with Shift and nothing chosen before, this row alone is chosen', () => {
  const { selection, press } = rows('a', 'b', 'c');
  press(' ', 'c', true);
  expect(selection.ids.value).toEqual(['c']);
});

test('Shift and A choose all that are shown, and Escape none', () => {
  const { selection, press } = rows('a', 'b');
  expect(press('Escape', null)).toBe(false);
  press('A', null);
  expect(selection.ids.value).toEqual(['a', 'b']);
  expect(press('Escape', 'a')).toBe(true);
  expect(selection.ids.value).toEqual([]);
});

test('a row that is no longer shown is not chosen', () => {
  const { shown, selection } = rows('a', 'b', 'c');
  selection.all();
  shown.value = ['b', 'd'];
  expect(selection.ids.value).toEqual(['b']);
});

test('other keys, and Space beside the rows, are left to the page', () => {
  const { selection, press } = rows('a');
  expect([press('a', 'a'), press(' ', null), press(' ', 'burst')]).toEqual([false, false, false]);
  expect(selection.ids.value).toEqual([]);
});
