/** What an officer writes into the form of a bulletin, and what of it is sent. */

import city from 'virtual:city';

import { instant, toLocal } from '../../shared/time.ts';
import type { Schemas } from '../types.ts';
import type { Bulletin, Version } from './changes.ts';
import { text } from './texts.ts';

export type About = Schemas['About'];
type Draft = Schemas['BulletinDraft'];
type Change = Schemas['BulletinChange'];
type Text = Record<string, string>;

export const LANGUAGES = ['zh', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

export interface Written {
  channel: string;
  /** Null until the officer has chosen: how long a bulletin lives depends on it. */
  about: About | null;
  title: Text;
  body: Text;
  /** The code of a district, and words; both may be empty. */
  district: string;
  place: string;
  /** As an input for the city's time has it, such as `2026-12-01T08:00`; empty for the longest time. */
  end: string;
  consent: boolean;
  /** The ids of the pictures that it shows. */
  media: string[];
}

/** Return what the form begins with. `districts` are the codes of the city. */
export function written(bulletin: Bulletin | null, channel: string, districts: readonly string[]): Written {
  if (bulletin === null) {
    const nothing = { title: {}, body: {}, district: '', place: '', end: '', media: [] };
    return { ...nothing, channel, about: null, consent: false };
  }
  return {
    channel: bulletin.channel,
    about: bulletin.about,
    title: bulletin.title,
    body: bulletin.body,
    ...placeOf(bulletin.area, districts),
    end: bulletin.expires_at ? toLocal(new Date(bulletin.expires_at), city.timeZone) : '',
    consent: bulletin.guardian_consent,
    media: bulletin.media.filter((picture) => picture.shown).map((picture) => picture.media_id),
  };
}

/** Return the body of a new draft. */
export function draftOf(form: Written): Draft {
  const area = areaOf(form);
  return {
    channel: form.channel,
    title: filled(form.title),
    body: filled(form.body),
    about: form.about ?? 'other',
    guardian_consent: form.consent,
    ...(area ? { area } : {}),
    ...(form.end ? { expires_at: instant(form.end, city.timeZone) } : {}),
  };
}

/** Return only what differs from the bulletin, so that a colleague's other changes stay. */
export function changeOf(form: Written, bulletin: Bulletin, districts: readonly string[]): Change {
  const was = written(bulletin, bulletin.channel, districts);
  const change: Change = {};
  if (form.channel !== was.channel) change.channel = form.channel;
  if (form.about && form.about !== was.about) change.about = form.about;
  if (!equal(filled(form.title), was.title)) change.title = filled(form.title);
  if (!equal(filled(form.body), was.body)) change.body = filled(form.body);
  if (form.district !== was.district || form.place.trim() !== was.place) change.area = areaOf(form);
  if (form.consent !== was.consent) change.guardian_consent = form.consent;
  if (form.end !== was.end) change.expires_at = form.end ? instant(form.end, city.timeZone) : null;
  if (form.media.join() !== was.media.join()) change.media = form.media;
  return change;
}

export type Mistake =
  | { field: 'about' | 'consent' | 'text' }
  | { field: 'language'; language: Language };

/** Return what is missing before it can be sent. */
export function mistakesIn(form: Written, needsConsent: boolean): Mistake[] {
  const title = filled(form.title);
  const body = filled(form.body);
  const half = LANGUAGES.filter((language) => (language in title) !== (language in body));
  const isEmpty = Object.keys(title).length === 0 && Object.keys(body).length === 0;
  return [
    ...(form.about === null ? [{ field: 'about' } as const] : []),
    ...(isEmpty ? [{ field: 'text' } as const] : []),
    ...half.map((language) => ({ field: 'language', language }) as const),
    ...(needsConsent && !form.consent ? [{ field: 'consent' } as const] : []),
  ];
}

/** Return those of the mistakes that nobody has put right yet. */
export function stillIn(form: Written, needsConsent: boolean, found: readonly Mistake[]): Mistake[] {
  const now = mistakesIn(form, needsConsent).map((each) => JSON.stringify(each));
  return found.filter((each) => now.includes(JSON.stringify(each)));
}

/** Return the version that the form would make, to be previewed. */
export function previewOf(form: Written, was: Bulletin | null, districts: readonly string[]): Version {
  const before = was ? placeOf(was.area, districts) : null;
  const isPlaceSame = before?.district === form.district && before.place === form.place.trim();
  return {
    channel: form.channel,
    title: filled(form.title),
    body: filled(form.body),
    area: was && isPlaceSame ? was.area : areaOf(form),
    about: form.about ?? 'other',
    guardian_consent: form.consent,
    expires_at: form.end ? instant(form.end, city.timeZone) : null,
    media: form.media,
  };
}

function placeOf(area: Version['area'], districts: readonly string[]): { district: string; place: string } {
  if (area === null) return { district: '', place: '' };
  if (typeof area !== 'string') return { district: area.district ?? '', place: area.text ?? '' };
  return districts.includes(area) ? { district: area, place: '' } : { district: '', place: area };
}

function areaOf(form: Written): { district?: string; text?: string } | null {
  const text = form.place.trim();
  if (!form.district && !text) return null;
  return { ...(form.district ? { district: form.district } : {}), ...(text ? { text } : {}) };
}

function filled(text: Text): Text {
  return Object.fromEntries(Object.entries(text).filter(([, words]) => words.trim()));
}

function equal(one: Text, other: Text): boolean {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].every((key) => one[key] === other[key]);
}

/** Return each mistake with the id of the field that it is about. */
export function mistakeLines(mistakes: readonly Mistake[]): { field: string; text: string }[] {
  const t = text().editor;
  return mistakes.map((mistake) => {
    switch (mistake.field) {
      case 'about':
        return { field: 'about', text: t.chooseAbout };
      case 'text':
        return { field: 'title-zh', text: t.oneLanguage };
      case 'consent':
        return { field: 'consent', text: t.consentMissing };
      case 'language': {
        const language = text().languages[mistake.language] ?? mistake.language;
        return { field: `title-${mistake.language}`, text: t.both(language) };
      }
    }
  });
}
