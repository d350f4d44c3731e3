/** A bulletin about a missing person: published, with a correction that awaits approval. */

import type { Bulletin, Version } from '../changes.ts';

export const VERSION: Version = {
  channel: 'missing_persons',
  title: { zh: '寻找王奶奶', en: 'Have you seen Grandma Wang?' },
  body: { zh: '蓝色外套', en: 'A blue coat' },
  area: { district: 'chaoyang', geohash: 'wx4g4' },
  about: 'elderly',
  guardian_consent: true,
  expires_at: null,
  media: ['A', 'B'],
};

export const BULLETIN: Bulletin = {
  ...VERSION,
  id: 'B-1',
  state: 'published',
  version: 3,
  channel_label: 'Missing persons',
  pending: true,
  created_at: '2026-11-24T01:30:00.000Z',
  created_by: 'officer',
  authors: ['officer'],
  approved_by: 'supervisor',
  published_version: 2,
  published_at: '2026-11-24T02:00:00.000Z',
  corrected_at: null,
  ended_at: null,
  code: null,
  outcome: null,
  reason: null,
  pending_words: null,
  words_approved_by: null,
  declined: null,
  declined_before: null,
  consent: null,
  media: [],
  published: null,
  leads: 0,
  steps: [],
  outcomes: ['found', 'arrested', 'no_longer_sought'],
  url: 'https://api.example/bulletins/B-1',
};
