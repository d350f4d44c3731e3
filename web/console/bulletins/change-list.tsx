import { colon, labelled, language, parted } from '../../shared/language.ts';
import { clock } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import type { Names } from '../names.ts';
import { ChangedSince, Marked } from '../parts/changed-since.tsx';
import type { Bulletin, Change, Piece, Version } from './changes.ts';
import { placeIn } from './preview.tsx';
import { text } from './texts.ts';
import './change-list.css';

export interface ChangeListProps {
  changes: readonly Change[];
  /** The pictures of the bulletin, in the order in which they were added. */
  pictures: Bulletin['media'];
  /** Residents see nothing yet, so marks would say nothing. */
  isNew?: boolean;
}

/** What differs between two versions, field by field. Marks are characters and lines, and colour. */
export function ChangeList({ changes, pictures, isNew = false }: ChangeListProps) {
  if (changes.length === 0) return null;
  return (
    <>
      {!isNew && <Legend />}
      <dl class="changes">
        {changes.map((change) => (
          <div class="changes__one" key={`${change.field}-${'language' in change ? change.language : ''}`}>
            <dt>{heading(change, isNew)}</dt>
            <dd>
              <What change={change} pictures={pictures} isNew={isNew} />
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Legend() {
  return (
    <p class="changes__legend">
      {text().legend}
      {colon()}
      <Marked kind="added">{text().legendAdded}</Marked>{' '}
      <Marked kind="removed">{text().legendRemoved}</Marked>
    </p>
  );
}

function heading(change: Change, isNew: boolean): string {
  const field = text().fields[change.field];
  if (!('language' in change)) return field;
  const language = text().languages[change.language] ?? change.language;
  const [only, more] = change.pieces;
  const name = text().fieldIn(field, language);
  if (more || !only || isNew) return name;
  return labelled(name, only.kind === 'added' ? text().newLanguage : text().goneLanguage);
}

function What({
  change,
  pictures,
  isNew,
}: Omit<ChangeListProps, 'changes'> & { change: Change }) {
  const { names } = useDesk();
  switch (change.field) {
    case 'title':
    case 'body':
    case 'words':
      return (
        <p class="changes__text" lang={change.language === 'zh' ? 'zh-CN' : change.language}>
          {isNew
            ? change.pieces.map((piece) => piece.text)
            : change.pieces.map((piece, index) => <Part key={index} piece={piece} />)}
        </p>
      );
    case 'media':
      return (
        <>
          <Pictures label={isNew ? null : text().added} ids={change.added} pictures={pictures} />
          <Pictures label={text().removed} ids={change.removed} pictures={pictures} />
          {change.moved && <p>{text().moved}</p>}
        </>
      );
    case 'code':
      return <p>{text().codeChanged}</p>;
    case 'channel':
      return <Values before={change.before} after={change.after} say={(code) => channelLabel(names, code)} />;
    case 'about':
      return (
        <Values
          before={change.before}
          after={change.after}
          say={(code) => text().about[code as keyof ReturnType<typeof text>['about']] ?? code}
        />
      );
    case 'guardian_consent':
      return (
        <Values
          before={change.before}
          after={change.after}
          say={(given) => (given ? text().consented : text().notConsented)}
        />
      );
    case 'expires_at':
      return (
        <Values
          before={isNew ? null : (change.before ?? '')}
          after={change.after ?? ''}
          say={(at) => (at ? clock(at) : text().byDefault)}
        />
      );
    case 'area':
      return (
        <Values
          before={isNew ? null : { area: change.before }}
          after={{ area: change.after }}
          say={({ area }) => areaInWords(area, names)}
        />
      );
  }
}

/** One value, or the one before and the one after. */
function Values<T>({ before, after, say }: { before: T | null; after: T; say: (value: T) => string }) {
  if (before === null) return <p>{say(after)}</p>;
  return (
    <p>
      {text().before}
      {colon()}
      <Marked kind="removed">{say(before)}</Marked>
      <br />
      {text().after}
      {colon()}
      <Marked kind="added">{say(after)}</Marked>
    </p>
  );
}

interface PicturesProps {
  label: string | null;
  ids: string[];
  pictures: Bulletin['media'];
}

/** Pictures to look at, since they are approved with the text. */
function Pictures({ label, ids, pictures }: PicturesProps) {
  if (ids.length === 0) return null;
  return (
    <>
      {label && <p>{labelled(label, '').trimEnd()}</p>}
      <ul class="changes__pictures">
        {ids.map((id) => {
          const number = pictures.findIndex((each) => each.media_id === id) + 1;
          const url = pictures[number - 1]?.preview_url ?? null;
          const name = text().picture(number);
          return (
            <li key={id}>
              {url !== null && <img src={url} alt={name} />}
              <span aria-hidden={url !== null}>{name}</span>
            </li>
          );
        })}
      </ul>
    </>
  );
}

/** A piece of text, with its mark when it has one. */
function Part({ piece }: { piece: Piece }) {
  return piece.kind === 'same' ? piece.text : <Marked kind={piece.kind}>{piece.text}</Marked>;
}

export function channelLabel(names: Names, code: string): string {
  return names.catalogue.value?.channels.find((channel) => channel.code === code)?.label ?? code;
}

/** Return a place in words, also how exact its point is. */
export function areaInWords(area: Version['area'], names: Names): string {
  if (area === null) return text().nowhere;
  const cell = typeof area === 'string' ? null : area.geohash;
  return parted([
    placeIn(area, (code) => names.district(code), language.value),
    cell ? `${text().cell} (${cell})` : '',
  ]);
}

export interface SinceProps {
  intro: string;
  byItself?: boolean;
  /** From the version that the officer has read to the one that there is now. */
  changes: readonly Change[];
  bulletin: Bulletin;
}

/** What somebody has changed since this officer read the bulletin. */
export function Since({ intro, byItself = false, changes, bulletin }: SinceProps) {
  return (
    <ChangedSince intro={intro} byItself={byItself}>
      {changes.length === 0 ? (
        <p>{text().staleSame}</p>
      ) : (
        <ChangeList changes={changes} pictures={bulletin.media} />
      )}
    </ChangedSince>
  );
}
