import { colon } from '../../shared/joined.ts';
import { showTime } from '../../shared/time.ts';
import { useLoaded, ok } from '../parts/asking.ts';
import type { Api, Catalogue } from '../types.ts';
import type { Version } from './changes.ts';
import { text } from './texts.ts';
import './preview.css';

/** A picture of the bulletin: its cleaned preview once it is ready. */
export interface Shown {
  id: string;
  url: string | null;
  state: string;
}

const LANGUAGES = ['zh', 'en'] as const;
type Language = (typeof LANGUAGES)[number];

export interface PreviewProps {
  api: Api;
  version: Version;
  pictures: readonly Shown[];
}

/** A version in both languages, as residents will see it. */
export function Preview({ api, version, pictures }: PreviewProps) {
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
  const place = placeIn(version, catalogue, words.within);
  return (
    <section class="preview__face" aria-label={name}>
      <p class="preview__language">{name}</p>
      <article lang={language === 'zh' ? 'zh-CN' : 'en'}>
        <p class="preview__channel">
          {labelOf(catalogue?.channels, version.channel)}
        </p>
        <h3 class="preview__title">{title || text().noTitle}</h3>
        {pictures.map((picture, index) =>
          picture.url ? (
            <img
              key={picture.id}
              class="preview__picture"
              src={picture.url}
              alt={text().picture(index + 1)}
            />
          ) : (
            <p key={picture.id} class="preview__absent">
              {text().picture(index + 1)}
              {colon()}
              {text().pictureStates[picture.state as keyof PictureStates] ?? picture.state}
            </p>
          ),
        )}
        <p class="preview__body">{body}</p>
        <p class="preview__facts">{words.area(place || words.everywhere)}</p>
        {version.expires_at && (
          <p class="preview__facts">{words.until(showTime(version.expires_at, language))}</p>
        )}
      </article>
    </section>
  );
}

function isEmpty(version: Version): boolean {
  return Object.keys(version.title).length + Object.keys(version.body).length === 0;
}

type PictureStates = ReturnType<typeof text>['pictureStates'];

/** Return the place in words: those of the bulletin, and its district in this language. */
export function placeIn(
  version: Pick<Version, 'area'>,
  catalogue: Catalogue | null,
  within: (place: string, district: string) => string,
): string {
  const area = version.area;
  if (area === null) return '';
  if (typeof area === 'string') return labelOf(catalogue?.districts, area);
  const district = area.district ? labelOf(catalogue?.districts, area.district) : '';
  const place = area.text ?? '';
  if (!place || !district || place.includes(district)) return place || district;
  return within(place, district);
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
    area: (name: string) => `Area: ${name}`,
    until: (at: string) => `Valid until: ${at}`,
    within: (place: string, district: string) => `${place}, ${district}`,
    everywhere: 'The whole city',
  },
  zh: {
    area: (name: string) => `区域：${name}`,
    until: (at: string) => `有效期至：${at}`,
    within: (place: string, district: string) => `${district}${place}`,
    everywhere: '全市',
  },
};
