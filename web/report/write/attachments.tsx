import { useEffect, useMemo, useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { labelled, listed, sentences, useSaid } from '../../shared/language.ts';
import {
  type Attachment,
  clock,
  faultOf,
  fileKey,
  fileName,
  type Kind,
  kindOf,
  recordedMs,
  showSize,
} from '../attachment.ts';
import { catalogue } from '../catalogue.ts';
import { Sure } from '../parts/sure.tsx';
import { type FieldError, fieldId, fileId, fileWords } from './errors.ts';
import type { Removed, Said } from '../../../sdk/metadata/bytes.ts';
import type { ChosenFiles } from './chosen.ts';
import { Recorder, RecordButton, recordedType } from './record.tsx';
import { write } from './texts.ts';
import './attachments.css';

export interface AttachmentsProps {
  files: ChosenFiles;
  /** Whether time and place may stay in the files. */
  keep: boolean;
  /** The files that go uncut, as `fileKey` names them. */
  uncut: readonly string[];
  errors: readonly FieldError[];
  hint?: string;
  /** How many files the report can still have; without it, as many as any report. */
  most?: number;
  onKeep: (keep: boolean) => void;
  onUncut: (uncut: readonly string[]) => void;
}

/** Photos, videos and recordings: the camera first, then what the phone has already. */
export function Attachments({ files, errors, hint, ...more }: AttachmentsProps) {
  const text = write();
  const error = errors.find(({ field }) => field === 'field-media')?.text;
  const media = catalogue.value?.limits.media ?? [];
  const types = media.map((one) => one.content_type).join(',');
  const type = recordedType(media);
  const said = useChanges(files.all.value);
  const { length } = files.all.value;
  const most = more.most ?? catalogue.value?.limits.media_per_report ?? Infinity;
  const surplus = Math.max(0, length - most);
  const tooMany = useRef<HTMLDivElement>(null);
  // Before all are looked at, the list still grows.
  const isSaid = surplus > 0 && files.all.value.every(({ look }) => look !== 'looking');
  useEffect(() => {
    if (isSaid) bringIntoView(tooMany.current);
  }, [isSaid]);
  return (
    <section
      class={error ? 'attach field--wrong' : 'attach'}
      id={fieldId('media')}
      tabIndex={-1}
      aria-labelledby="media"
    >
      <h2 id="media" class="field__label">
        {text.media}
      </h2>
      {hint && <p class="field__hint">{hint}</p>}
      {error && <p class="field__error">{error}</p>}
      <div class="attach__ways">
        <Picker label={text.camera} sign={CAMERA} accept="image/*" capture main onChoose={files.add} />
        <Picker label={text.video} sign={VIDEO} accept="video/*" capture onChoose={files.add} />
        {type ? (
          <RecordButton
            sign={SOUND}
            type={type}
            most={media.find((one) => one.kind === 'audio')?.max_bytes ?? 0}
            onFile={(file) => files.add([file])}
          />
        ) : (
          <Picker label={text.record} sign={SOUND} accept="audio/*" capture onChoose={files.add} />
        )}
        <Picker label={text.choose} sign={FOLDER} accept={types} multiple onChoose={files.add} />
      </div>
      {type ? <Recorder /> : <p class="field__hint">{text.recordNot}</p>}
      <div class="hidden-visually">
        <Status>{said}</Status>
      </div>
      {files.all.value.length > 0 && (
        <>
          <ul class="plain attach__files" aria-label={text.files}>
            {files.all.value.map((attachment, number) => (
              <Chosen
                key={attachment.id}
                attachment={attachment}
                files={files}
                {...more}
                number={number + 1}
                surplus={number >= most}
                error={errors.find(({ field }) => field === fileId(attachment.id))?.text}
              />
            ))}
          </ul>
          <div ref={tooMany} tabIndex={-1}>
            <Status kind="error">{surplus > 0 && <p>{text.tooMany(surplus, most)}</p>}</Status>
          </div>
          {more.uncut.length === 0 && files.all.value.every(({ look }) => look !== 'unknown') && (
            <p class="attach__cleaned">{text.cleaned}</p>
          )}
          <Own all={files.all.value} {...more} />
        </>
      )}
    </section>
  );
}

type OwnProps = Pick<AttachmentsProps, 'keep' | 'uncut' | 'onKeep' | 'onUncut'> & {
  all: readonly Attachment[];
};

/** What the files say of themselves, and what of that the person lets them say: nothing, until pressed. */
function Own({ all, keep, uncut, onKeep, onUncut }: OwnProps) {
  const text = write();
  const limits = catalogue.value?.limits;
  const sayers = all.flatMap((one, at) =>
    one.look === 'known' && one.removed.length > 0 && !(limits && faultOf(one, limits))
      ? [{ ...one, name: fileName(one.file, at + 1), key: fileKey(one.file) }]
      : [],
  );
  if (sayers.length === 0) return null;
  // What has a place or a time of its own.
  const own = sayers.filter(({ removed }) => removed.some((one) => one === 'place' || one === 'time'));
  const kinds = own.map(({ file }) => kindOf(file));
  // An uncut file has them anyway.
  const cut = own.filter(({ key }) => !uncut.includes(key));
  const isAnyway = cut.length === 0;
  const owned = (isAnyway ? own : cut)
    .map(({ name, said }) => ({ name, says: listed([said?.time, said?.place].filter((one) => one !== undefined)) }))
    .filter(({ says }) => says)
    // Of several files, which one says it.
    .map(({ name, says }) => (all.length > 1 ? labelled(name, says) : says))
    .join(text.between);
  return (
    <fieldset class="attach__own">
      <legend class="field__label">{text.own}</legend>
      {own.length > 0 && (
        <Check
          id="keep"
          label={text.keep(kinds.includes('image') ? 'image' : (kinds[0] ?? 'image'))}
          hint={keep || isAnyway ? text.keepSeen(owned) : text.keepHint(owned)}
          checked={keep || isAnyway}
          disabled={isAnyway}
          onChange={onKeep}
        />
      )}
      {sayers.map(({ id, key, name, removed, ...one }) => (
        <Check
          key={id}
          id={`uncut-${id}`}
          label={text.uncut(name)}
          hint={sentences(
            text.uncutHint(listed(sayings(one.said ?? {}, removed))),
            removed.includes('signature') ? text.uncutSigned : '',
          )}
          checked={uncut.includes(key)}
          onChange={(on) => onUncut(on ? [...uncut, key] : uncut.filter((other) => other !== key))}
        />
      ))}
    </fieldset>
  );
}

/** Return in words all that a file says: what could be read, and of what else is in it the kind. */
function sayings(said: Said, removed: readonly Removed[]): readonly string[] {
  const { says, removals } = write();
  const keys = Object.keys(says) as (keyof Said)[];
  const isRead: Partial<Record<Removed, boolean>> = {
    device: !!(said.maker ?? said.model ?? said.serial ?? said.software),
    time: !!said.time,
    place: !!said.place,
  };
  return [
    ...keys.flatMap((key) => (said[key] ? [says[key](said[key])] : [])),
    ...removed.filter((one) => !isRead[one]).map((one) => removals[one]),
  ];
}

interface CheckProps {
  id: string;
  label: string;
  hint: string;
  checked: boolean;
  disabled?: boolean;
  onChange: (on: boolean) => void;
}

function Check({ id, label, hint, onChange, ...state }: CheckProps) {
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          {...state}
          aria-describedby={`${id}-hint`}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
        <span>{label}</span>
      </label>
      <p class="field__hint check__hint" id={`${id}-hint`}>
        {hint}
      </p>
    </>
  );
}

/**
 * Show the last file that has come, for whoever comes back from the camera. Return in words what has
 * come or gone, for those who do not see it.
 */
function useChanges(all: readonly Attachment[]): string {
  const [said, setSaid] = useSaid('');
  const before = useRef(all);
  useEffect(() => {
    const came = without(all, before.current);
    const gone = without(before.current, all);
    before.current = all;
    if (came.length + gone.length === 0) return;
    const last = came[came.length - 1];
    if (last) document.getElementById(fileId(last.id))?.scrollIntoView({ block: 'nearest' });
    setSaid(() => {
      const text = write();
      // The names are numbers in a list: with how many there are, no two steps sound the same.
      return sentences(
        came.length > 0 ? text.came(listed(came.map(({ name }) => name()))) : '',
        gone.length > 0 ? text.gone(listed(gone.map(({ name }) => name()))) : '',
        text.count(all.length),
      );
    });
  }, [all]);
  return said;
}

/** Return those of `all` that are not in `others`, each with what it is called among all. */
function without(
  all: readonly Attachment[],
  others: readonly Attachment[],
): readonly { id: number; name: () => string }[] {
  return all
    .map(({ id, file }, at) => ({ id, name: () => fileName(file, at + 1) }))
    .filter(({ id }) => !others.some((other) => other.id === id));
}

interface PickerProps {
  label: string;
  sign: string;
  accept: string;
  capture?: boolean;
  multiple?: boolean;
  main?: boolean;
  onChoose: (files: readonly File[]) => void;
}

/** A door to the camera, the microphone or the files of the phone. */
export function Picker({ label, sign, accept, onChoose, ...more }: PickerProps) {
  const { capture = false, multiple = false, main = false } = more;
  return (
    <label class={main ? 'picker picker--main' : 'picker'}>
      <input
        class="picker__input"
        type="file"
        accept={accept}
        multiple={multiple}
        {...(capture ? { capture: 'environment' as const } : {})}
        onChange={(event) => {
          const input = event.currentTarget;
          onChoose(Array.from(input.files ?? []));
          // So that the same file can be chosen again after it was removed.
          input.value = '';
        }}
      />
      <span class="picker__ring" />
      <svg viewBox="0 0 24 24" aria-hidden="true" class="icon">
        <path fill-rule="evenodd" d={sign} />
      </svg>
      <span>{label}</span>
    </label>
  );
}

interface ChosenProps extends Pick<AttachmentsProps, 'files' | 'keep' | 'uncut' | 'onUncut'> {
  attachment: Attachment;
  number: number;
  /** The report has no room for it. */
  surplus: boolean;
  error: string | undefined;
}

function Chosen({ attachment, files, keep, number, surplus, error, ...more }: ChosenProps) {
  const text = write();
  const { id, file, look, agreed } = attachment;
  const limits = catalogue.value?.limits;
  const fault = limits ? faultOf(attachment, limits) : null;
  // What was found at "Send" is old for a file that has room by now.
  const found = error === text.surplus ? null : error;
  const wrong = surplus ? text.surplus : (found ?? (fault && fileWords(fault)));
  const removed = attachment.removed.filter((one) => !keep || (one !== 'time' && one !== 'place'));
  const isUncut = look === 'known' && more.uncut.includes(fileKey(file));
  const kind = kindOf(file);
  const name = fileName(file, number);
  const ms = recordedMs(file);
  const [asked, setAsked] = useState(false);
  const remove = (): void => {
    files.remove(id);
    // The same file, chosen again, goes cut.
    if (isUncut) more.onUncut(more.uncut.filter((one) => one !== fileKey(file)));
  };
  const line = useRef<HTMLLIElement>(null);
  const isFaulty = fault !== null;
  useEffect(() => {
    if (isFaulty) bringIntoView(line.current);
  }, [isFaulty]);
  return (
    <li ref={line} class={wrong ? 'file field--wrong' : 'file'} id={fileId(id)} tabIndex={-1}>
      <div class="file__line">
        {kind === 'image' ? <Thumbnail file={file} /> : <Sign kind={kind} />}
        <span class="file__name">
          {name}
          <span class="muted">
            {ms !== null && ` · ${clock(ms)}`} · {showSize(file.size)}
          </span>
        </span>
        {!asked && (
          <Button aria-label={text.remove(name)} onClick={() => (ms === null ? remove() : setAsked(true))}>
            <span aria-hidden="true">✕</span>
          </Button>
        )}
      </div>
      {asked && (
        <Sure
          title={text.removeSure}
          yes={text.removeYes}
          no={text.removeNo}
          onYes={remove}
          onNo={() => setAsked(false)}
        >
          <p>{text.removeText}</p>
        </Sure>
      )}
      {kind === 'audio' && <Playback file={file} name={name} />}
      {wrong && <p class="field__error">{wrong}</p>}
      {look === 'looking' && <p class="muted">{text.looking}</p>}
      {look === 'known' && (isUncut || removed.length > 0) && (
        <p class="muted file__removed">
          {isUncut
            ? text.uncutChosen
            : labelled(text.removed, listed(removed.map((one) => text.removals[one])))}
        </p>
      )}
      {look === 'unknown' && !fault && (
        <div class="warning">
          <p>{text.unknown}</p>
          <label class="check">
            <input
              type="checkbox"
              checked={agreed}
              onChange={(event) => files.agree(id, event.currentTarget.checked)}
            />
            <span>{text.unknownSend}</span>
          </label>
        </div>
      )}
    </li>
  );
}

/**
 * Show what cannot be sent: on a phone it is below the bar at first. Whoever has gone on to another
 * field by then is not taken back.
 */
function bringIntoView(line: HTMLElement | null): void {
  const { activeElement } = document;
  const isHere = activeElement === document.body || activeElement?.closest('.attach');
  if (!line || !isHere) return;
  line.scrollIntoView({ block: 'center' });
  line.focus({ preventScroll: true });
}

/** A small picture of the file itself: it is shown, not drawn on a canvas. */
function Thumbnail({ file }: { file: File }) {
  const url = useMemo(() => URL.createObjectURL(file), [file]);
  const [blank, setBlank] = useState(false);
  useEffect(() => () => URL.revokeObjectURL(url), [url]);
  // HEIC, which most browsers cannot show, or a photo that is broken.
  if (blank) return <Sign kind="image" />;
  return (
    <img class="file__picture" src={url} alt="" decoding="async" onError={() => setBlank(true)} />
  );
}

/** A recording, to listen to. Nothing is shown of one that this browser does not play. */
function Playback({ file, name }: { file: File; name: string }) {
  const url = useMemo(() => URL.createObjectURL(file), [file]);
  const [mute, setMute] = useState(false);
  useEffect(() => () => URL.revokeObjectURL(url), [url]);
  if (mute) return null;
  return (
    <audio
      class="file__sound"
      src={url}
      controls
      preload="metadata"
      aria-label={name}
      onLoadedMetadata={({ currentTarget }) => findEnd(currentTarget)}
      onError={() => setMute(true)}
    />
  );
}

/** A browser writes no length into what it records: a player that seeks behind the end has found it. */
function findEnd(sound: HTMLAudioElement): void {
  if (sound.duration !== Infinity) return;
  sound.addEventListener('durationchange', () => (sound.currentTime = 0), { once: true });
  sound.currentTime = Number.MAX_SAFE_INTEGER;
}

function Sign({ kind }: { kind: Kind | null }) {
  const signs = { image: CAMERA, video: VIDEO, audio: SOUND };
  return (
    <span class="file__sign">
      <svg viewBox="0 0 24 24" aria-hidden="true" class="icon">
        <path fill-rule="evenodd" d={kind === null ? FOLDER : signs[kind]} />
      </svg>
    </span>
  );
}

const CAMERA =
  'M9 4 7.500 6H4a2 2 0 0 0-2 2v10a2 2 0 0 0 2 2h16a2 2 0 0 0 2-2V8a2 2 0 0 0-2-2h-3.500L15 4zm3 4.500a4.500 4.500 0 1 1 0 9 4.500 4.500 0 0 1 0-9zm0 2a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5z';
const VIDEO =
  'M4 6a2 2 0 0 0-2 2v8a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2v-2.500l5 3.500a.6.6 0 0 0 1-.5v-9a.6.6 0 0 0-1-.5l-5 3.500V8a2 2 0 0 0-2-2z';
const SOUND =
  'M12 2a3.500 3.500 0 0 0-3.500 3.500v6a3.500 3.500 0 0 0 7 0v-6A3.500 3.500 0 0 0 12 2zM5 11v.5a7 7 0 0 0 6 6.900V22h2v-3.600a7 7 0 0 0 6-6.900V11h-2v.5a5 5 0 0 1-10 0V11z';
export const FOLDER =
  'M4 4a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h16a2 2 0 0 0 2-2V8a2 2 0 0 0-2-2h-8l-2-2zm7 6h2v2.500h2.500v2H13V17h-2v-2.500H8.500v-2H11z';
