/** A file that the person has chosen for a report. */

import { texts } from '../shared/language.ts';
import type { Limits } from './form.ts';
import type { Removed, Said } from '../../sdk/metadata/bytes.ts';

export type Kind = 'image' | 'video' | 'audio';

export interface Attachment {
  readonly id: number;
  readonly file: File;
  /** Whether the file's structure is known, so that what it says of the phone can be cut. */
  readonly look: 'looking' | 'known' | 'unknown' | 'unreadable';
  /** The media type by its bytes; null while it is not known. */
  readonly type: string | null;
  /** What is cut from it if nothing may stay. */
  readonly removed: readonly Removed[];
  /** What a photo says, where that could be read. */
  readonly said?: Said;
  /** The person has said that a file of unknown structure may be sent as it is. */
  readonly agreed: boolean;
}

/**
 * How the name of what was recorded in the page begins. It says nothing of the phone: only sound was
 * written. The milliseconds follow, since no browser writes into the file how long it is.
 */
const RECORDED = 'recorded here';

export function recordedName(ms: number): string {
  return `${RECORDED} ${Math.round(ms)}`;
}

/** Return how long a recording of this page is, in milliseconds; null for any other file. */
export function recordedMs({ name }: Pick<File, 'name'>): number | null {
  return name.startsWith(RECORDED) ? Number(name.slice(RECORDED.length)) : null;
}

/** Return a time as minutes and seconds. */
export function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

export interface FileFault {
  readonly id: number;
  readonly fault: 'large' | 'empty' | 'kind' | 'unreadable' | 'unknownMust' | 'many';
  readonly most?: number;
}

const ENDINGS: Readonly<Record<string, Kind>> = {
  jpg: 'image',
  jpeg: 'image',
  png: 'image',
  webp: 'image',
  heic: 'image',
  heif: 'image',
  mp4: 'video',
  m4v: 'video',
  mov: 'video',
  '3gp': 'video',
  m4a: 'audio',
  amr: 'audio',
};

/** Return what a file is, by its type or else the ending of its name; null if neither says. */
export function kindOf(file: Pick<File, 'type' | 'name'>): Kind | null {
  const kind = file.type.split('/')[0];
  if (kind === 'image' || kind === 'video' || kind === 'audio') return kind;
  return ENDINGS[file.name.split('.').pop()?.toLowerCase() ?? ''] ?? null;
}

/** What browsers call a WAV; the service knows `audio/wav`. */
const WAV = ['audio/x-wav', 'audio/wave', 'audio/vnd.wave'];

/** Return a file under the name of its type that the service knows. */
export function underOneName(file: File): File {
  const { name, type, lastModified } = file;
  return WAV.includes(type) ? new File([file], name, { type: 'audio/wav', lastModified }) : file;
}

/** Return what is wrong with each file, in their order. `most`: how many the report can still have. */
export function fileFaults(
  files: readonly Attachment[],
  limits: Limits,
  most: number = limits.media_per_report,
): readonly FileFault[] {
  return files.flatMap((one, at) => {
    const { id, look, agreed } = one;
    const fault = faultOf(one, limits) ?? (at < most ? null : { id, fault: 'many' as const });
    if (fault) return [fault];
    return look === 'unknown' && !agreed ? [{ id, fault: 'unknownMust' as const }] : [];
  });
}

/** Return why a file can never be sent, or null. */
export function faultOf({ id, file, look, type }: Attachment, limits: Limits): FileFault | null {
  if (file.size === 0) return { id, fault: 'empty' };
  if (look === 'unreadable') return { id, fault: 'unreadable' };
  const isKnown = limits.media.some((one) => one.content_type === type);
  if (type !== null && !isKnown) return { id, fault: 'kind' };
  const kind = kindOf(file);
  const most = kind && mostBytes(kind, limits);
  return most && file.size > most ? { id, fault: 'large', most } : null;
}

/** Return what a file is called among those that go uncut: it is the same after a reload. */
export function fileKey({ name, size, lastModified }: File): string {
  return `${name} ${size} ${lastModified}`;
}

/** Return those of the files that go uncut. */
export function uncutOf(files: readonly File[], uncut: readonly string[]): readonly File[] {
  return files.filter((file) => uncut.includes(fileKey(file)));
}

/** Return a size as people read it, on one line. */
export function showSize(bytes: number): string {
  if (bytes === 0) return '0\u00a0KB';
  const mega = bytes / (1 << 20);
  if (mega >= 10) return `${Math.round(mega)}\u00a0MB`;
  return mega >= 0.1 ? `${mega.toFixed(1)}\u00a0MB` : `${Math.max(1, Math.round(bytes / 1024))}\u00a0KB`;
}

function mostBytes(kind: Kind, limits: Limits): number {
  return Math.max(0, ...limits.media.filter((one) => one.kind === kind).map((one) => one.max_bytes));
}

/** What a file is called on each screen: by what it is, and its place among the others. */
const text = texts({
  en: { image: 'Photo', video: 'Video', audio: 'Recording', file: 'File' },
  zh: { image: '照片', video: '视频', audio: '录音', file: '文件' },
});

/** Return "Video 2"; of a file that is neither picture nor video nor sound, the name that it has. */
export function fileName(
  { type, name = '' }: { type: string; name?: string },
  number: number,
): string {
  const kind = kindOf({ type, name });
  return kind ? `${text()[kind]} ${number}` : name || `${text().file} ${number}`;
}
