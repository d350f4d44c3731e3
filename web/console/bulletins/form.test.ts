import { expect, test } from 'vitest';
import type { Bulletin } from './changes.ts';
import { changeOf, draftOf, mistakesIn, previewOf, stillIn, type Written, written } from './form.ts';
import { BULLETIN as PUBLISHED } from './testing/bulletin.ts';

const DISTRICTS = ['chaoyang', 'haidian'];

const BULLETIN: Bulletin = {
  ...PUBLISHED,
  state: 'draft',
  version: 1,
  approved_by: null,
  published_version: null,
  published_at: null,
  steps: ['write'],
};

function form(change: Partial<Written> = {}): Written {
  return { ...written(BULLETIN, '', DISTRICTS), ...change };
}

test('changes nothing of a bulletin that was only opened', () => {
  expect(changeOf(form(), BULLETIN, DISTRICTS)).toEqual({});
});

test('sends only what was changed', () => {
  const title = { ...BULLETIN.title, en: 'Where is Grandma Wang?' };
  expect(changeOf(form({ title }), BULLETIN, DISTRICTS)).toEqual({ title });
});

test('keeps a point that the form cannot show while the place stays', () => {
  expect(previewOf(form(), BULLETIN, DISTRICTS).area).toEqual(BULLETIN.area);
  const moved = form({ district: 'haidian' });
  expect(changeOf(moved, BULLETIN, DISTRICTS)).toEqual({ area: { district: 'haidian' } });
});

test('takes a place away', () => {
  expect(changeOf(form({ district: '' }), BULLETIN, DISTRICTS)).toEqual({ area: null });
});

test('distinguishes a code of a district from words', () => {
  expect(written({ ...BULLETIN, area: 'haidian' }, '', DISTRICTS).district).toBe('haidian');
  expect(written({ ...BULLETIN, area: 'the park' }, '', DISTRICTS).place).toBe('the park');
});

test('leaves a language out that was emptied', () => {
  const title = { zh: '寻找王奶奶', en: ' ' };
  expect(changeOf(form({ title }), BULLETIN, DISTRICTS)).toEqual({ title: { zh: '寻找王奶奶' } });
});

test('sends an end by the city’s clocks as an instant, and none as the longest time', () => {
  const change = changeOf(form({ end: '2026-12-01T08:00' }), BULLETIN, DISTRICTS);
  expect(change.expires_at).toBe('2026-12-01T00:00:00.000Z');
  expect('expires_at' in draftOf(form())).toBe(false);
});

test('asks for title and text in one language, and for both in each', () => {
  expect(mistakesIn(form(), true)).toEqual([]);
  expect(mistakesIn(form({ title: {}, body: {} }), false)).toEqual([{ field: 'text' }]);
  expect(mistakesIn(form({ title: { zh: '寻找王奶奶' } }), false)).toEqual([
    { field: 'language', language: 'en' },
  ]);
});

test('asks for the consent where the channel does, and whom it is about', () => {
  expect(mistakesIn(form({ consent: false, about: null }), true)).toEqual([
    { field: 'about' },
    { field: 'consent' },
  ]);
});

test('what is put right is no mistake any more, and what is half written is none before it is sent', () => {
  const found = mistakesIn(form({ consent: false, about: null }), true);
  const half = form({ about: 'child', consent: false, title: { zh: '寻找王奶奶' } });
  expect(stillIn(half, true, found)).toEqual([{ field: 'consent' }]);
  expect(stillIn(form(), true, found)).toEqual([]);
});
