/**
 * What is kept on the phone of an entry. It is written before anything is sent, and after each step:
 * a step may be repeated, but is never forgotten.
 */

import type { Begun, FieldProblem, Problem, TextFor } from './types.ts';

/** Grows when the form of what is kept changes; then `restore` must read the earlier ones too. */
const VERSION = 2;
/** Before texts for existing reports were kept: otherwise the same. */
const EARLIER = 1;

export interface KeptFile {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  /** Null for a video that goes in parts. */
  readonly sha256: string | null;
  readonly known: boolean;
  /** It goes as the person chose it, nothing removed. */
  readonly uncut?: boolean;
  readonly kept: boolean;
  readonly state: 'waiting' | 'sent' | 'refused';
  readonly problem?: Problem;
  /** The key of the call that adds it, while that call has no response. */
  readonly key?: string;
  readonly mediaId?: string;
  /** Bytes of its parts that storage has, to show. Storage itself says which are missing. */
  readonly arrived?: number;
  /** Null: it goes in one piece. */
  readonly partSize?: number | null;
  /** Bytes of the reduced picture that goes before it. */
  readonly reduced?: number;
  /** The reduced picture has arrived, or is not wanted. */
  readonly reducedDone?: boolean;
  /** The reduced picture has arrived. */
  readonly reducedThere?: boolean;
}

/** Where a file of an entry is kept: its place, or that of its reduced picture. */
export type Slot = number | `reduced ${number}`;

export function reducedSlot(place: number): Slot {
  return `reduced ${place}`;
}

/** Return the slots of which nothing is to be sent any more. */
export function doneSlots({ files }: Kept): Slot[] {
  return files.flatMap(({ state, reducedDone }, place) => [
    ...(state === 'waiting' ? [] : [place]),
    ...(state === 'waiting' && !reducedDone ? [] : [reducedSlot(place)]),
  ]);
}

/** Return whether the reduced picture of a file is still to be sent. */
export function isReducedDue(file: KeptFile): boolean {
  return isToSend(file) && file.reduced !== undefined && !file.reducedDone;
}

export interface KeptReport {
  readonly id: string;
  readonly receipt: string;
  readonly reference: string;
}

export interface KeptText {
  readonly to: TextFor;
  readonly words: string;
}

export interface Kept {
  readonly version: typeof VERSION | typeof EARLIER;
  readonly id: string;
  readonly key: string;
  readonly createdAt: number;
  /** The draft that it was. */
  readonly begun?: Begun;
  /** Exactly what is sent as the report. Empty when something is added to an existing one. */
  readonly body: string;
  /** What is written to the officers of an existing report. The entry goes as it arrives. */
  readonly text?: KeptText;
  readonly category: string;
  readonly files: readonly KeptFile[];
  readonly kept: boolean;
  readonly confirmed: boolean;
  readonly report?: KeptReport;
  readonly notes: readonly string[];
  readonly drill: boolean;
  /** The person has left: it is shown to nobody, and goes as soon as nothing is left to send. */
  readonly left?: boolean;
  readonly problem?: Problem;
  /** Fields that were refused, and that the body is sent without. */
  readonly leftOut?: readonly FieldProblem[];
  /** It has left the phone, and there is no response yet: it may have arrived. */
  readonly attempted?: boolean;
  /** Never written: what the database has of it is older, since it had no room for the latest. */
  readonly unwritten?: boolean;
}

export const version: typeof VERSION = VERSION;

/** Return what was kept, or null if a later version of this page has written it. */
export function restore(kept: unknown): Kept | null {
  const { version: written } = kept as Partial<Kept>;
  return written === VERSION || written === EARLIER ? (kept as Kept) : null;
}

/** Return the entry with a change of one of its files. */
export function withFile(kept: Kept, place: number, change: Partial<KeptFile>): Kept {
  const files = kept.files.map((file, at) => (at === place ? { ...file, ...change } : file));
  return { ...kept, files };
}

/** Return whether the report itself, or a text for it, is still to be sent. */
export function isUnsent(kept: Kept): boolean {
  return (!kept.report || kept.text !== undefined) && !kept.problem;
}

/** Return whether it may have arrived although no response has. */
export function mayHaveArrived(kept: Kept): boolean {
  return isUnsent(kept) && kept.attempted === true;
}

/** Return whether nothing is left to send, or only what waits for a newer app. */
export function isSettled(kept: Kept): boolean {
  return !isUnsent(kept) && (!!kept.problem || !kept.files.some(isToSend));
}

/** Return whether a file goes as soon as it can. */
export function isToSend(file: KeptFile): boolean {
  return file.state === 'waiting' && !waitsForUpdate(file);
}

/** Return whether nothing of it will ever be sent any more. */
export function isOver(kept: Kept): boolean {
  return isSettled(kept) && !needsUpdate(kept);
}

/** Return whether something of it waits for a newer app. */
export function needsUpdate(kept: Kept): boolean {
  return [kept, ...kept.files].some(waitsForUpdate);
}

/** Return whether everything has arrived. */
export function isDelivered(kept: Kept): boolean {
  return !!kept.report && !kept.text && kept.files.every(({ state }) => state === 'sent');
}

const UPDATE_FIRST = 'update_first';

/** Return why an app that is too old was refused something: a newer one sends it again. */
export function updateFirst(problem: Problem): Problem {
  return { ...problem, code: UPDATE_FIRST };
}

/** Return whether an entry or a file waits for a newer app. */
export function waitsForUpdate({ problem }: { readonly problem?: Problem }): boolean {
  return problem?.code === UPDATE_FIRST;
}

/** Return the entry as it was before an app that is too old was refused something of it. */
export function takenUp(kept: Kept): Kept {
  return { ...without(kept), files: kept.files.map(without) };
}

function without<T extends { readonly problem?: Problem }>(it: T): T {
  if (!waitsForUpdate(it)) return it;
  const { problem: _, ...rest } = it;
  return rest as T;
}
