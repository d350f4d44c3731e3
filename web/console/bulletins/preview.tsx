import { useState } from 'preact/hooks';
import { colon, language as tongue } from '../../shared/language.ts';
import { showCityTime } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { ok, useLoaded } from '../parts/asking.tsx';
import { apart } from '../words.ts';
import type { Api, Catalogue } from '../types.ts';
import type { Version } from './changes.ts';
import { type End, endText } from './end.ts';
import { text } from './texts.ts';
import './preview.css';

/**
 * A picture of the bulletin: its cleaned preview once it is ready. One that is `unsaved` is as it was
 * chosen, which not every browser can show.
 */
export interface Shown {
  id: string;
  url: string | null;
  state: string;
}

const LANGUAGES = ['zh', 'en'] as const;
type Language = (typeof LANGUAGES)[number];

/** A version in both languages, as residents will see it. */
export function Preview({ version, pictures }: { version: Version; pictures: readonly Shown[] }) {
  const { api } = useDesk();
  const { loaded } = useLoaded(() => inBothLanguages(api), 'catalogues');
  return (
    <div class="preview">
      {LANGUAGES.map((language) => (
        <Face
          key={language}
          language={language}
          version={version}
          pictures={pictures}
          catalogue={loaded.value?.[language] ?? null}
        />
      ))}
    </div>
  );
}

/** What readers will see of a bulletin that was ended, in both languages. */
export function EndPreview({ end, words }: { end: End; words: Record<string, string> }) {
  return (
    <div class="preview">
      {LANGUAGES.map((language) => (
        <section
          key={language}
          class="preview__face"
          aria-label={text().languages[language] ?? language}
        >
          <p class="preview__language">{text().languages[language] ?? language}</p>
          <p class="preview__body" lang={tagOf(language)}>
            {endText(end, words, language)}
          </p>
        </section>
      ))}
    </div>
  );
}

interface FaceProps {
  language: Language;
  version: Version;
  pictures: readonly Shown[];
  catalogue: Catalogue | null;
}

function Face({ language, version, pictures, catalogue }: FaceProps) {
  const name = text().languages[language] ?? language;
  const title = version.title[language];
  const body = version.body[language];
  if (!title && !body) {
    return (
      <section class="preview__face" aria-label={name}>
        <p class="preview__language">{name}</p>
        <p>{isEmpty(version) ? text().nothingWritten : text().notWritten(name)}</p>
      </section>
    );
  }
  const words = FACE[language];
  const nameOf = (code: string) => labelOf(catalogue?.districts, code);
  const place = placeIn(version.area, nameOf, language);
  return (
    <section class="preview__face" aria-label={name}>
      <p class="preview__language">{name}</p>
      <article lang={tagOf(language)}>
        <p class="preview__channel">
          {labelOf(catalogue?.channels, version.channel)}
        </p>
        <h3 class="preview__title">{title || text().noTitle}</h3>
        {pictures.map((picture, index) => (
          <Picture
            key={picture.url ?? picture.id}
            picture={picture}
            number={index + 1}
            alternative={words.picture(index + 1)}
          />
        ))}
        <p class="preview__body">{body}</p>
        <p class="preview__facts">{words.area(place || words.everywhere)}</p>
        {version.expires_at && (
          <p class="preview__facts">{words.until(showCityTime(version.expires_at, language))}</p>
        )}
      </article>
    </section>
  );
}

interface PictureProps {
  picture: Shown;
  number: number;
  /** In the language of the card, as readers have it. */
  alternative: string;
}

function Picture({ picture, number, alternative }: PictureProps) {
  const [isBroken, setBroken] = useState(false);
  const { url, state } = picture;
  if (url && !(isBroken && state === 'unsaved')) {
    return (
      <img class="preview__picture" src={url} alt={alternative} onError={() => setBroken(true)} />
    );
  }
  return (
    <p class="preview__absent" lang={tagOf(tongue.value)}>
      {text().picture(number)}
      {colon()}
      {text().pictureStates[state as keyof PictureStates] ?? state}
    </p>
  );
}

function tagOf(language: Language): string {
  return language === 'zh' ? 'zh-CN' : 'en';
}

function isEmpty(version: Version): boolean {
  return Object.keys(version.title).length + Object.keys(version.body).length === 0;
}

type PictureStates = ReturnType<typeof text>['pictureStates'];

/** Return the place in words: those of the bulletin, and its district, as this language puts them. */
export function placeIn(
  area: Version['area'],
  nameOf: (district: string) => string,
  language: Language,
): string {
  if (area === null) return '';
  if (typeof area === 'string') return nameOf(area);
  const district = area.district ? nameOf(area.district) : '';
  const place = area.text ?? '';
  if (!place || !district || place.includes(district)) return place || district;
  return FACE[language].within(place, district);
}

function labelOf(items: readonly { code: string; label: string }[] | undefined, code: string): string {
  return items?.find((item) => item.code === code)?.label ?? code;
}

async function inBothLanguages(api: Api): Promise<Record<Language, Catalogue>> {
  const [zh, en] = await Promise.all(
    LANGUAGES.map((language) =>
      ok(api.GET('/v1/catalogue', { params: { header: { 'Accept-Language': language } } })),
    ),
  );
  return { zh: zh as Catalogue, en: en as Catalogue };
}

// In the language of the reader, not of the screen.
const FACE = {
  en: {
    picture: (number: number) => `Picture ${number}`,
    area: (name: string) => `Area: ${name}`,
    until: (at: string) => `Valid until: ${at}`,
    within: (place: string, district: string) => `${place}, ${district}`,
    everywhere: 'The whole city',
  },
  zh: {
    picture: (number: number) => `照片 ${number}`,
    area: (name: string) => `区域：${name}`,
    until: (at: string) => `有效期至：${at}`,
    within: (place: string, district: string) => apart(district, place),
    everywhere: '全市',
  },
};
