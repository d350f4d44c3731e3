import { expect, test } from 'vitest';
import { grouped, type ListedBulletin } from './groups.ts';

function bulletin(id: string, change: Partial<ListedBulletin> = {}): ListedBulletin {
  return {
    id,
    channel: 'key_cases',
    channel_label: 'Key cases',
    title: { en: id },
    body: { en: id },
    area: null,
    about: 'other',
    guardian_consent: false,
    state: 'published',
    version: 1,
    expires_at: null,
    pending: false,
    created_at: '2026-11-24T01:30:00.000Z',
    created_by: 'li',
    authors: ['li'],
    approved_by: null,
    published_version: null,
    published_at: null,
    corrected_at: null,
    ended_at: null,
    code: null,
    outcome: null,
    reason: null,
    pending_words: null,
    words_approved_by: null,
    declined: null,
    declined_before: null,
    ...change,
  };
}

function ids(items: readonly ListedBulletin[]): string[] {
  return items.map((each) => each.id);
}

test('puts what was declined apart, whoever wrote it', () => {
  const declined = { version: 1, by: 'zhao', at: '2026-11-24T01:30:00.000Z', reason: 'Why.' };
  const found = grouped(
    [
      bulletin('draft', { state: 'draft', declined }),
      bulletin('words', { state: 'resolved', pending_words: { en: 'Over.' }, declined }),
      bulletin('correction', { declined }),
    ],
    'li',
  );
  expect(ids(found.declined)).toEqual(['draft', 'words', 'correction']);
  expect([...found.mine, ...found.others, ...found.published, ...found.ended]).toEqual([]);
});

test('puts what this officer may approve apart from what they wrote', () => {
  const draft = bulletin('draft', { state: 'draft', pending: true });
  const words = bulletin('words', { state: 'resolved', pending_words: { en: 'Thanks' } });
  expect(ids(grouped([draft, words], 'zhao').mine)).toEqual(['draft', 'words']);
  expect(ids(grouped([draft, words], 'li').others)).toEqual(['draft', 'words']);
});

test('lists what ends first at the top of what is published', () => {
  const late = bulletin('late', { expires_at: '2026-12-02T00:00:00.000Z' });
  const soon = bulletin('soon', { expires_at: '2026-12-01T00:00:00.000Z' });
  expect(ids(grouped([late, soon], 'li').published)).toEqual(['soon', 'late']);
});

test('keeps what has ended apart', () => {
  const groups = grouped([bulletin('gone', { state: 'withdrawn' })], 'li');
  expect(ids(groups.ended)).toEqual(['gone']);
});
