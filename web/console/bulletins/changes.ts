/** What an approval would change: two versions of a bulletin, compared field by field. */

import { diffArrays } from 'diff';

import type { Schemas } from '../types.ts';

export type Bulletin = Schemas['Bulletin'];
export type History = Schemas['BulletinHistory'];
/** The content of one version: what readers see of it once it is approved. */
export type Version = Schemas['VersionContent'];
export type LocalizedText = Schemas['LocalizedText'];

export type Change =
  | { field: 'title' | 'body' | 'words'; language: string; pieces: Piece[] }
  | { field: 'code' }
  | { field: 'channel' | 'about'; before: string | null; after: string }
  | { field: 'guardian_consent'; before: boolean | null; after: boolean }
  | { field: 'area'; before: Version['area']; after: Version['area'] }
  | { field: 'expires_at'; before: string | null; after: string | null }
  | { field: 'media'; added: string[]; removed: string[]; moved: boolean };

/** Return the current version of an opened bulletin. */
export function currentVersion(bulletin: Bulletin): Version {
  return {
    channel: bulletin.channel,
    title: bulletin.title,
    body: bulletin.body,
    area: bulletin.area,
    about: bulletin.about,
    guardian_consent: bulletin.guardian_consent,
    expires_at: bulletin.expires_at,
    media: bulletin.media.filter((picture) => picture.shown).map((picture) => picture.media_id),
  };
}

/**
 * Return the version with this number, as the record has it: with the end that was asked for, which
 * the bulletin itself does not say. The result of a picture makes a version without content, which
 * is that of the one before. It lacks the pictures that its approval has left out. Null when the
 * record has none, or when it was altered.
 */
export function versionAt(history: History, number: number): Version | null {
  let found: Version | null = null;
  let reached = 0;
  for (const { detail } of history.items) {
    const version = detail?.version ?? 0;
    if (detail?.content && version <= number && version > reached) {
      found = detail.content;
      reached = version;
    }
  }
  const left = history.items.flatMap(({ detail }) =>
    detail?.version === number ? (detail.without ?? []) : [],
  );
  return found && without(found, left);
}

/** Return a version without these pictures. */
export function without(version: Version, pictures: readonly string[]): Version {
  return { ...version, media: version.media.filter((id) => !pictures.includes(id)) };
}

export interface ForApproval {
  before: Version | null;
  after: Version;
}

/** Return what residents see now, null for nothing, and what they would see after an approval. */
export function forApproval(bulletin: Bulletin, history: History): ForApproval {
  const current = currentVersion(bulletin);
  const after = versionAt(history, bulletin.version);
  if (bulletin.published_version === null) return { before: null, after: after ?? current };
  const before = versionAt(history, bulletin.published_version);
  if (before && after) return { before, after };
  // Without the record, pictures and end are taken as unchanged.
  const { expires_at, media } = current;
  return {
    before: bulletin.published ? { ...bulletin.published, expires_at, media } : current,
    after: current,
  };
}

/** Return what differs, in the order in which residents read it. With no version before, all is new. */
export function changesBetween(before: Version | null, after: Version): Change[] {
  return [
    ...code('channel', before?.channel ?? null, after.channel),
    ...words('title', before?.title ?? {}, after.title),
    ...words('body', before?.body ?? {}, after.body),
    ...pictures(before?.media ?? [], after.media),
    ...area(before?.area ?? null, after.area),
    ...code('about', before?.about ?? null, after.about),
    ...consent(before, after),
    ...end(before, after),
  ];
}

/**
 * Return what somebody has changed between two versions of a bulletin: its content, and what waits
 * about its end. Nothing, when there is only the result of a picture between them.
 */
export function changesSince(read: Bulletin, now: Bulletin, history: History): Change[] {
  const before = versionAt(history, read.version);
  const after = versionAt(history, now.version);
  // Only the record has the end that was asked for: like is compared with like.
  const content =
    before && after
      ? changesBetween(before, after)
      : changesBetween(currentVersion(read), currentVersion(now));
  return [...content, ...ofEnd(read, now)];
}

/** The words of an end are read after the text of its code, which takes effect at once. */
function ofEnd(read: Bulletin, now: Bulletin): Change[] {
  if (!now.pending_words) return [];
  const isAnother = read.code !== null && (read.code !== now.code || read.state !== now.state);
  return [
    ...(isAnother ? [{ field: 'code' } as const] : []),
    ...words('words', read.pending_words ?? {}, now.pending_words),
  ];
}

/** Return what differs between two texts in several languages. */
export function words(
  field: 'title' | 'body' | 'words',
  before: LocalizedText,
  after: LocalizedText,
): Change[] {
  const languages = [...new Set([...Object.keys(after), ...Object.keys(before)])];
  return languages
    .filter((language) => before[language] !== after[language])
    .map((language) => ({
      field,
      language,
      pieces: wordDiff(before[language] ?? '', after[language] ?? ''),
    }));
}

function code(field: 'channel' | 'about', before: string | null, after: string): Change[] {
  return before === after ? [] : [{ field, before, after }];
}

function consent(before: Version | null, after: Version): Change[] {
  const was = before ? before.guardian_consent : null;
  // Nothing to read for a new bulletin that needs none.
  if (was === after.guardian_consent || (was === null && !after.guardian_consent)) return [];
  return [{ field: 'guardian_consent', before: was, after: after.guardian_consent }];
}

function area(before: Version['area'], after: Version['area']): Change[] {
  return areaKey(before) === areaKey(after) ? [] : [{ field: 'area', before, after }];
}

function areaKey(value: Version['area']): string {
  if (value === null) return '';
  if (typeof value === 'string') return JSON.stringify([value]);
  return JSON.stringify([value.district ?? '', value.text ?? '', value.geohash ?? '']);
}

function end(before: Version | null, after: Version): Change[] {
  const was = before?.expires_at ?? null;
  return was === after.expires_at
    ? []
    : [{ field: 'expires_at', before: was, after: after.expires_at }];
}

function pictures(before: string[], after: string[]): Change[] {
  const added = after.filter((id) => !before.includes(id));
  const removed = before.filter((id) => !after.includes(id));
  const stayed = before.filter((id) => after.includes(id));
  const moved = stayed.join() !== after.filter((id) => before.includes(id)).join();
  return added.length || removed.length || moved
    ? [{ field: 'media', added, removed, moved }]
    : [];
}

/** What differs between two texts, word by word. */
export interface Piece {
  kind: 'same' | 'added' | 'removed';
  text: string;
}

// Chinese has no spaces between words, so each of its characters is compared by itself.
const TOKENS = /\p{Script=Han}|[\p{L}\p{N}]+|\s+|./gu;

/** Return the pieces of both texts in reading order; what was removed stands before what was added. */
export function wordDiff(before: string, after: string): Piece[] {
  const parts = diffArrays(before.match(TOKENS) ?? [], after.match(TOKENS) ?? []);
  return parts.map((part) => ({
    kind: part.added ? 'added' : part.removed ? 'removed' : 'same',
    text: part.value.join(''),
  }));
}
