import { expect, test } from 'vitest';

import {
  type Bulletin,
  changesBetween,
  changesSince,
  currentVersion,
  forApproval,
  type History,
  type Version,
  versionAt,
  wordDiff,
} from './changes.ts';
import { BULLETIN, VERSION } from './testing/bulletin.ts';

function history(version: number, content: Version | null): History {
  return {
    items: [
      {
        at: '2026-11-24T01:30:00.000Z',
        by: 'officer',
        action: 'change',
        detail: content ? { step: 'write', version, content } : null,
        verified: content !== null,
      },
    ],
  };
}

test('finds nothing in a version that is the same', () => {
  expect(changesBetween(VERSION, { ...VERSION })).toEqual([]);
});

test('names each field that differs', () => {
  const after: Version = {
    ...VERSION,
    title: { ...VERSION.title, en: 'Where is Grandma Wang?' },
    area: { district: 'haidian' },
    expires_at: '2026-12-01T00:00:00.000Z',
    guardian_consent: false,
  };
  expect(changesBetween(VERSION, after).map((change) => change.field)).toEqual([
    'title',
    'area',
    'guardian_consent',
    'expires_at',
  ]);
});

test('shows a language that was taken away', () => {
  const [change] = changesBetween(VERSION, { ...VERSION, body: { zh: '蓝色外套' } });
  expect(change).toEqual({
    field: 'body',
    language: 'en',
    pieces: [{ kind: 'removed', text: 'A blue coat' }],
  });
});

test('distinguishes a picture that moved from one that is new', () => {
  expect(changesBetween(VERSION, { ...VERSION, media: ['B', 'A'] })).toEqual([
    { field: 'media', added: [], removed: [], moved: true },
  ]);
  expect(changesBetween(VERSION, { ...VERSION, media: ['A', 'C'] })).toEqual([
    { field: 'media', added: ['C'], removed: ['B'], moved: false },
  ]);
});

test('takes the order in which a place is written for nothing', () => {
  const area = { geohash: 'wx4g4', district: 'chaoyang' };
  expect(changesBetween(VERSION, { ...VERSION, area })).toEqual([]);
});

test('shows all of a first version as new', () => {
  const fields = changesBetween(null, VERSION).map((change) => change.field);
  expect(new Set(fields)).toEqual(
    new Set(['channel', 'title', 'body', 'media', 'area', 'about', 'guardian_consent']),
  );
});

test('takes only pictures that are shown into the version', () => {
  const picture = {
    content_type: 'image/jpeg',
    state: 'ready',
    late: false,
    delayed: false,
    reason: null,
    reason_text: null,
    thumbnail_url: null,
    preview_url: null,
  } as const;
  const media = [
    { ...picture, media_id: 'A', shown: true },
    { ...picture, media_id: 'B', shown: false },
  ];
  expect(currentVersion({ ...BULLETIN, media }).media).toEqual(['A']);
});

test('reads both versions from the record', () => {
  const after = { ...VERSION, title: { en: 'Where is she?' } };
  const items = [...history(2, VERSION).items, ...history(3, after).items];
  expect(forApproval(BULLETIN, { items })).toEqual({ before: VERSION, after });
});

test('takes the content of the version before for one that only a picture made', () => {
  const items = [...history(1, VERSION).items, ...history(2, null).items];
  expect(versionAt({ items }, 2)).toEqual(VERSION);
});

test('what residents see lacks the pictures that its approval has left out', () => {
  const [approval] = history(2, null).items;
  const detail = { step: 'approve', version: 2, without: ['B'] } as const;
  const items = [
    ...history(2, VERSION).items,
    { ...approval!, detail: { ...detail, without: [...detail.without] } },
    ...history(3, VERSION).items,
  ];
  const { before, after } = forApproval(BULLETIN, { items });
  expect(before?.media).toEqual(['A']);
  expect(changesBetween(before, after)).toEqual([
    { field: 'media', added: ['B'], removed: [], moved: false },
  ]);
});

test('compares with the published text when the record was altered', () => {
  const { media: _media, expires_at: _end, ...content } = VERSION;
  const published = { ...content, title: { zh: '寻找王奶奶' } };
  const { before, after } = forApproval({ ...BULLETIN, published }, history(2, null));
  expect(before?.title).toEqual({ zh: '寻找王奶奶' });
  expect(changesBetween(before, after).map((change) => change.field)).toEqual(['title']);
});

test('has nothing published of a draft', () => {
  const draft = { ...BULLETIN, published_version: null };
  expect(forApproval(draft, history(1, VERSION))).toEqual({ before: null, after: VERSION });
});

test('only the result of a picture is between two versions that say the same', () => {
  const now = { ...BULLETIN, version: 4 };
  expect(changesSince(BULLETIN, now, history(3, VERSION))).toEqual([]);
  expect(changesSince(BULLETIN, now, { items: [] })).toEqual([]);
  expect(changesSince(BULLETIN, { ...now, about: 'child' }, { items: [] })).toHaveLength(1);
});

test('other words about an end are a change, and so is the text before them', () => {
  const read: Bulletin = {
    ...BULLETIN,
    state: 'resolved',
    code: 'found',
    pending_words: { en: 'He is at home.' },
  };
  const now: Bulletin = { ...read, version: 4, pending_words: { en: 'He is in hospital.' } };
  const fields = (to: Bulletin) => changesSince(read, to, { items: [] }).map(({ field }) => field);
  expect(fields(now)).toEqual(['words']);
  expect(fields({ ...now, code: 'arrested' })).toEqual(['code', 'words']);
  expect(fields({ ...read, version: 4 })).toEqual([]);
});

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
