/** What the screens see of the outbox: a draft goes in, an entry comes out. */

import type { ReadonlySignal } from '@preact/signals-core';

import type { components } from '../schema.ts';
import type { Keep as CutKeep } from '../metadata/bytes.ts';

/** What stays in the files. Those that are `uncut` go byte for byte as they are. */
export interface Keep extends CutKeep {
  readonly uncut?: readonly File[];
}

type TextReport = components['schemas']['TextReport'];

/** The body of a report, by the API's names. Its media are the draft's files. */
export type ReportBody = Omit<TextReport, 'media' | 'text'> & { text?: string };

/** A draft as the page kept it: its id, and each time that it was changed there. */
export interface Begun {
  readonly id: string;
  readonly times: readonly number[];
}

/** What a person has written. `files` are as the phone made them: the outbox cuts them. */
export interface Draft {
  readonly report: ReportBody;
  readonly files: readonly File[];
  /** Neither place nor time when it is left out. */
  readonly keep?: Keep;
  /** What it is to you: its entry says the same, so that you find it again. */
  readonly begun?: Begun;
}

export interface KeptDraft extends Draft {
  readonly keep: Keep;
}

/** An existing report to which files are added. */
export interface ExistingReport {
  readonly id: string;
  readonly receipt: string;
  readonly reference: string;
}

/** What a text to the officers is for, as in the address that takes it. */
export type TextFor = 'messages' | 'reopen';

/**
 * `waiting`: nothing happens now; it is tried again at `retryAt`, or when the network is back.
 * `proving`: the proof of work for a flood is made. `sending`: the text is on its way.
 * `uploading`: the report is filed and has a receipt; files are on their way or wait for it.
 * `sent`: nothing is left to send. `refused`: the report cannot be sent as it is (`problem`).
 */
export type EntryState = 'waiting' | 'proving' | 'sending' | 'uploading' | 'sent' | 'refused';

export type FileState = 'waiting' | 'uploading' | 'sent' | 'refused';

/**
 * Why something is not sent. `code` is the API's, or one of ours: `file_is_gone`,
 * `upload_refused`, `update_first` (what an app that is too old was refused). `title` and `detail`
 * are the API's sentences for people, in the language of the call; ours have none.
 */
export interface Problem {
  readonly code: string;
  readonly status?: number;
  readonly title?: string;
  readonly detail?: string;
  readonly fields?: readonly FieldProblem[];
  /** Why a file was rejected. */
  readonly reason?: string;
}

export interface FieldProblem {
  readonly field: string;
  readonly code: string;
  readonly detail: string;
}

export interface EntryFile {
  readonly name: string;
  readonly type: string;
  /** Bytes of the file as it is sent: after cutting. */
  readonly size: number;
  /** Bytes that have arrived, to show progress. */
  readonly sent: number;
  readonly state: FileState;
  /** Its reduced picture has arrived: officers see that one until the file is there. */
  readonly seen: boolean;
  /** False: the phone had no room for it, so it is lost when this page closes. */
  readonly kept: boolean;
  /** False: its structure is unknown, so something may have stayed in it. */
  readonly known: boolean;
  readonly problem?: Problem;
}

export interface Entry {
  /** The entry's name on this phone. The report's own id is `reportId`. */
  readonly id: string;
  /** The Idempotency-Key: a secret like the receipt. Never show it. */
  readonly key: string;
  readonly state: EntryState;
  /** By the phone's clock, in milliseconds since 1970. */
  readonly createdAt: number;
  /** When it is tried again by itself, on the same clock. */
  readonly retryAt?: number;
  /** How much of the proof of work is done, from 0 to 1, while `proving`. */
  readonly proof?: number;
  /** What the page kept of it before the outbox had it. A page that has died may have left that. */
  readonly begun?: Begun;
  /** Empty when something is added to an existing report. */
  readonly category: string;
  /** What is written to the officers of an existing report. The entry is gone when it has arrived. */
  readonly text?: { readonly to: TextFor; readonly words: string };
  readonly reportId?: string;
  readonly receipt?: string;
  readonly reference?: string;
  /** Sentences of the API about the report, to show. */
  readonly notes: readonly string[];
  readonly drill: boolean;
  /**
   * What the service refused of it, and it went without, so that the text arrived: a time, a place,
   * details, a contact. Say so. A file says it itself.
   */
  readonly leftOut: readonly FieldProblem[];
  readonly files: readonly EntryFile[];
  readonly problem?: Problem;
  /** False: the phone had no room for it, so it is lost when this page closes. */
  readonly kept: boolean;
  /** False: the phone had no room for the receipt, so it is lost when this page closes. */
  readonly receiptKept: boolean;
  /** An attempt has had no response: it may have arrived. Nobody may say that it has not. */
  readonly mayHaveArrived: boolean;
  /** The person has said that they have the receipt. */
  readonly confirmed: boolean;
}

/** Why a draft is not taken: nothing is kept then. `file` is the place of the file, from 0. */
export type UnacceptableCode =
  | 'empty_report'
  | 'report_too_large'
  | 'bad_characters'
  | 'too_many_files'
  | 'files_too_large'
  | 'file_empty'
  | 'file_too_large'
  | 'file_type'
  | 'file_unreadable';

export class Unacceptable extends Error {
  override readonly name = 'Unacceptable';

  readonly code: UnacceptableCode;
  readonly file: number | undefined;

  constructor(code: UnacceptableCode, file?: number) {
    super(code);
    this.code = code;
    this.file = file;
  }
}

export interface Outbox {
  /** Oldest first. */
  readonly entries: ReadonlySignal<readonly Entry[]>;
  /** The entries of texts that have arrived from this page, and are gone. */
  readonly arrived: ReadonlySignal<readonly string[]>;
  /** False: nothing outlives this page, since the browser keeps nothing. Say so beforehand. */
  readonly durable: boolean;
  /**
   * Cut the files, keep all of it on the phone, then begin to send it. It resolves when the draft is
   * kept. Throws Unacceptable.
   */
  add(draft: Draft): Promise<Entry>;
  /** The same for files that are added to an existing report. Throws Unacceptable. */
  addFiles(report: ExistingReport, files: readonly File[], keep?: Keep): Promise<Entry>;
  /**
   * The same for a text. Those of one report arrive in their order. Its entry goes by itself: with a
   * `key` of yours, a random UUID (version 4) that you have kept, it may be added again, and arrives
   * once. Throws Unacceptable.
   */
  addText(report: ExistingReport, to: TextFor, words: string, key?: string): Promise<Entry>;
  /**
   * Send whatever waits, now, but for what the service has put off (`Retry-After`). It resolves when
   * everything has been tried: what still waits then is tried again by itself.
   */
  send(): Promise<void>;
  /** Delete an entry, its key, its receipt and its files from the phone. What is sent stays sent. */
  erase(id: string): Promise<void>;
  /**
   * The person has the receipt: the entry is deleted as soon as all has arrived. If files were
   * refused before, it is deleted now; if they are later, it stays. Nothing, while there is none.
   */
  confirmReceipt(id: string): Promise<void>;
  /**
   * The person leaves. `keep` keeps all entries elsewhere, as JSON can say them, if they are to be kept;
   * then those that have nothing left to send are deleted. The others are shown no more, and go when
   * they are sent.
   */
  leave(keep: (entries: readonly unknown[]) => Promise<void>): Promise<void>;
  /** Show entries again that were kept elsewhere. Those that have gone come back without their files. */
  comeBack(entries: readonly unknown[]): Promise<void>;
  /** What an entry was made of, to correct a report that was refused. Its files are cut already. */
  draftOf(id: string): Promise<KeptDraft | undefined>;
  /** The exact text that was sent as the report: it belongs to the proof of the ledger. */
  bodyOf(id: string): Promise<string | undefined>;
  /** End all timers and uploads. What is not sent stays kept, and nothing more is taken. */
  close(): void;
}
