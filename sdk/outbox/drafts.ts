/** From what a person has written to what is kept: files are cut, hashed and declared. */

import { cut } from '../metadata/cut.ts';
import { type Cut, Unreadable } from '../metadata/bytes.ts';
import type { Reduce } from '../reduced.ts';
import { clean } from '../text.ts';
import {
  reducedSlot,
  version,
  type Kept,
  type KeptFile,
  type KeptReport,
  type KeptText,
  type Slot,
} from './kept.ts';
import type { SendingLimits } from './limits.ts';
import type { Files } from './store.ts';
import { Unacceptable, type Draft, type Keep, type ReportBody } from './types.ts';
import { randomUuid } from './uuid.ts';

const MOST_BODY_BYTES = 256 * 1024;
/** Half of a pair: cut within an emoji. No JSON can say it. */
const LONE_SURROGATE = /[\ud800-\udfff]/u;

/** An entry to be kept, and the files that go with it. */
export interface Prepared {
  readonly kept: Kept;
  readonly blobs: Files;
}

/** How files are prepared. */
export interface Preparing {
  readonly limits: SendingLimits;
  readonly reduce: Reduce;
}

/** Prepare a report. Throws Unacceptable. */
export async function prepareReport(
  draft: Draft,
  how: Preparing,
  createdAt: number,
): Promise<Prepared> {
  const { report, begun } = draft;
  if (!clean(report.text ?? '') && !draft.files.length) throw new Unacceptable('empty_report');
  const { files, blobs } = await prepareFiles(draft.files, draft.keep, how);
  const body = bodyOf(report, files.slice(0, how.limits.perCall));
  if (new Blob([body]).size > MOST_BODY_BYTES) throw new Unacceptable('report_too_large');
  const made = { ...blank(createdAt, files), ...(begun ? { begun } : {}) };
  return { kept: { ...made, body, category: report.category }, blobs };
}

/** Prepare files for an existing report. Throws Unacceptable. */
export async function prepareAddition(
  report: KeptReport,
  added: readonly File[],
  keep: Keep | undefined,
  how: Preparing,
  createdAt: number,
): Promise<Prepared> {
  if (!added.length) throw new Unacceptable('empty_report');
  const { files, blobs } = await prepareFiles(added, keep, how);
  const { id, receipt, reference } = report;
  return { kept: { ...blank(createdAt, files), report: { id, receipt, reference } }, blobs };
}

/** Prepare a text for an existing report. Throws Unacceptable. */
export function prepareText(
  { id, receipt, reference }: KeptReport,
  text: KeptText,
  key: string,
  createdAt: number,
): Prepared {
  const words = wholeText(text.words);
  if (!words) throw new Unacceptable('empty_report');
  const report = { id, receipt, reference };
  const kept = { ...blank(createdAt, []), key, report, text: { ...text, words } };
  return { kept, blobs: new Map() };
}

/** Return how a request declares a file. */
export function declare({ type, size, sha256, reduced }: KeptFile): object {
  return {
    content_type: type,
    size,
    ...(sha256 ? { sha256 } : {}),
    ...(reduced ? { reduced } : {}),
  };
}

function bodyOf(report: ReportBody, declared: readonly KeptFile[]): string {
  const media = declared.length ? { media: declared.map(declare) } : {};
  return JSON.stringify({ ...report, ...media }, (_, value: unknown) =>
    typeof value === 'string' ? wholeText(value) : value,
  );
}

/** Return a text as the service keeps it. Throws Unacceptable for one that is none in Unicode. */
function wholeText(text: string): string {
  if (LONE_SURROGATE.test(text)) throw new Unacceptable('bad_characters');
  return clean(text);
}

function blank(createdAt: number, files: readonly KeptFile[]): Kept {
  return {
    version,
    id: randomUuid(),
    key: randomUuid(),
    createdAt,
    body: '',
    category: '',
    files,
    kept: true,
    confirmed: false,
    notes: [],
    drill: false,
  };
}

async function prepareFiles(
  files: readonly File[],
  keep: Keep = { place: false, time: false },
  { limits, reduce }: Preparing,
): Promise<{ files: KeptFile[]; blobs: Files }> {
  if (files.length > limits.perReport) throw new Unacceptable('too_many_files');
  const prepared: { file: KeptFile; blob: Blob }[] = [];
  for (const [place, file] of files.entries()) {
    prepared.push(await prepareFile(file, place, keep, limits));
  }
  const together = prepared.reduce((sum, { blob }) => sum + blob.size, 0);
  if (together > limits.bytesPerReport) throw new Unacceptable('files_too_large');
  const blobs: [Slot, Blob][] = prepared.map(({ blob }, place) => [place, blob]);
  const kept: KeptFile[] = [];
  for (const [place, { file }] of prepared.entries()) {
    const reduced = file.type.startsWith('image/') ? await reduce(files[place] ?? new Blob()) : null;
    if (reduced) blobs.push([reducedSlot(place), reduced]);
    kept.push({ ...file, ...(reduced ? { reduced: reduced.size } : {}) });
  }
  return { files: kept, blobs: new Map(blobs) };
}

async function prepareFile(
  file: File,
  place: number,
  keep: Keep,
  limits: SendingLimits,
): Promise<{ file: KeptFile; blob: Blob }> {
  const isUncut = keep.uncut?.includes(file) ?? false;
  const { type, known, ...cut } = await cutFile(file, place, keep);
  const blob = isUncut ? file.slice(0, file.size, type) : cut.blob;
  const most = limits.types[type];
  if (most === undefined) throw new Unacceptable('file_type', place);
  if (!blob.size) throw new Unacceptable('file_empty', place);
  if (blob.size > most) throw new Unacceptable('file_too_large', place);
  const inParts = type.startsWith('video/') && blob.size > limits.postMaxBytes;
  const sha256 = inParts ? null : await digestOf(blob, place);
  return {
    file: {
      name: file.name,
      type,
      size: blob.size,
      sha256,
      known,
      ...(isUncut ? { uncut: true } : {}),
      kept: true,
      state: 'waiting',
    },
    blob,
  };
}

async function cutFile(file: File, place: number, keep: Keep): Promise<Cut> {
  try {
    return await cut(file, keep);
  } catch (error) {
    throw error instanceof Unreadable ? new Unacceptable('file_unreadable', place) : error;
  }
}

async function digestOf(blob: Blob, place: number): Promise<string> {
  let bytes: ArrayBuffer;
  try {
    bytes = await blob.arrayBuffer();
  } catch {
    throw new Unacceptable('file_unreadable', place);
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
