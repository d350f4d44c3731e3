import { expect, test } from 'vitest';
import { wordDiff } from './diff.ts';

function marked(before: string, after: string): string {
  return wordDiff(before, after)
    .map(({ kind, text }) =>
      kind === 'added' ? `[+${text}]` : kind === 'removed' ? `[-${text}]` : text,
    )
    .join('');
}

test('marks a word that was replaced', () => {
  expect(marked('in a blue coat', 'in a green coat')).toBe('in a [-blue][+green] coat');
});

test('compares Chinese character by character', () => {
  expect(marked('蓝色外套', '绿色外套')).toBe('[-蓝][+绿]色外套');
});

test('marks all of a new text as added', () => {
  expect(marked('', 'Seen?')).toBe('[+Seen?]');
});

test('finds nothing in equal texts', () => {
  expect(wordDiff('走失。\nSince 9:00', '走失。\nSince 9:00').every((each) => each.kind === 'same')).toBe(true);
});

test('keeps every character of both texts', () => {
  const before = 'Mrs Wang, 78,\n\nblue 😀 coat';
  const after = 'Mrs Wang, 79,\nblue 😀 hat';
  const pieces = wordDiff(before, after);
  const text = (skip: string): string =>
    pieces.filter(({ kind }) => kind !== skip).map((each) => each.text).join('');
  expect(text('added')).toBe(before);
  expect(text('removed')).toBe(after);
});
