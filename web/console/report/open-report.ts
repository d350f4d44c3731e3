/** The report that is open: as it was read, and what stands in the way of a step. */

import { signal } from '@preact/signals';

import {
  type ChangedReport,
  changeReport,
  type Done,
  type Failure,
  type Outcome,
  outcomeOf,
} from '../calls.ts';
import { keepInPlace } from '../parts/focus.ts';
import type { Api, Flag, ListedReport, Message, Report, ReportChange, Schemas } from '../types.ts';

// Each read is on record: somebody who writes all the time is not followed without end.
const MOST_READS = 20;
const NONE: ReadonlySet<string> = new Set();
// An own step is a change of the scope, too. Who takes one mostly leaves the report soon, or takes the
// next one: whether a colleague has changed it is looked at only when neither is so.
const AFTER_STEP_MS = 10_000;
// What waits is another by now, or its tag is not known.
const STALE: ReadonlySet<number> = new Set([412, 428]);

/** What the steps are given that change one part of a report. */
interface Parts {
  review: Schemas['NewReview'];
  reminder: Schemas['NewReminder'];
  gist: Schemas['NewGist'];
}

export interface Conflict {
  differences: Difference[];
  /** The change that this officer wanted; null when the other one has done the same. */
  mine: ReportChange | null;
}

/** Something was written since this officer has read: it is shown before anything is sent. */
export interface Unseen {
  messages: Message[];
  /** What the officer wanted to do, with what is seen now. */
  again: () => Promise<boolean>;
}

/** What the parts of the page of a report are given. */
export interface OfReport {
  open: OpenReport;
  report: Report;
}

export class OpenReport {
  readonly report = signal<Report | null>(null);
  readonly failure = signal<Failure | null>(null);
  readonly loading = signal(false);
  /** Why the last step did not happen, in words. */
  readonly problem = signal<string | null>(null);
  readonly conflict = signal<Conflict | null>(null);
  readonly unseen = signal<Unseen | null>(null);
  /** What has changed since it was read, and is not shown. */
  readonly news = signal<readonly News[]>([]);
  /** The messages that came while it was open: they are marked as new. */
  readonly fresh = signal(NONE);
  /** Those of them that were not in sight yet. They do not count as read. */
  readonly unsighted = signal(NONE);
  /** The later places that were unread when they came. They stay marked after a step, which counts
   * all as read: nothing makes an officer look at them before it. */
  readonly freshPlaces = signal(NONE);
  /** Those of them that were not in sight yet. */
  readonly unsightedPlaces = signal(NONE);

  private reason: string | undefined;
  private reads = 0;
  private mergedAt = 0;
  /** The ETag of the opening, or of the officer's own change since. */
  private etag = '';
  /** How much was unread when the messages were read last: the rest of it are places. */
  private readUpTo = 0;

  constructor(
    private readonly api: Api,
    readonly id: string,
    private readonly changed: () => void,
  ) {}

  /** Read the report: an opening, on record. `reason` is for what a reporter has withdrawn. */
  async load(reason?: string): Promise<void> {
    this.reason = reason ?? this.reason;
    this.loading.value = true;
    const outcome = await outcomeOf(
      this.api.GET('/v1/officer/reports/{report_id}', {
        params: {
          path: { report_id: this.id },
          ...(this.reason !== undefined && { query: { reason: this.reason } }),
        },
      }),
    );
    this.loading.value = false;
    if (outcome.ok) {
      const before = this.report.value;
      this.etag = etagOf(outcome.response);
      this.report.value = outcome.data;
      this.failure.value = null;
      this.news.value = [];
      this.readUpTo = 0;
      if (outcome.data.restricted) this.forget();
      else if (before) this.mark(newMessages(before, outcome.data.messages));
      this.markPlaces(unreadOf(outcome.data).positions);
    } else if (this.report.value === null) {
      this.failure.value = outcome.failure;
    } else {
      this.problem.value = outcome.failure.text;
    }
  }

  /** Change the report as it was seen. Returns whether that is done.
   *
   * When a colleague was faster, `conflict` says what they have done; when there is something that
   * this officer has not read, `unseen` has it.
   */
  async change(wanted: ReportChange, isAgain = false): Promise<boolean> {
    const seen = this.report.value;
    const waiting = this.unsighted.value;
    if (seen === null) return false;
    this.problem.value = null;
    const body = { ...wanted, messages_seen: this.messagesSeen };
    const outcome = await changeReport(this.api, this.id, this.etag, body);
    if (outcome.ok) {
      await this.take(outcome);
      this.changed();
      return true;
    }
    const { failure } = outcome;
    if (failure.status === 412) return this.conflictWith(seen, wanted, isAgain);
    if (failure.code === 'new_message') await this.readFirst(seen, waiting, () => this.change(wanted));
    else this.problem.value = failure.text;
    return false;
  }

  /** End the report as a colleague has proposed. Returns whether that is done: what was written since
   * this officer has read is shown first, and an end that was changed.
   */
  async confirm(): Promise<boolean> {
    const seen = this.report.value;
    if (seen === null) return false;
    const again = () => this.confirm();
    this.problem.value = null;
    if (this.unsighted.value.size > 0) {
      await this.readFirst(seen, this.unsighted.value, again);
      return false;
    }
    const header = { 'If-Match': seen.proposal?.tag ?? '' };
    const outcome = await outcomeOf(
      this.api.POST('/v1/officer/reports/{report_id}/closing/confirm', {
        params: { path: { report_id: this.id }, header },
      }),
    );
    if (outcome.ok) {
      await this.take(outcome);
      return true;
    }
    if (outcome.failure.status === 412) {
      await this.load();
      const isSame = endOf(this.report.value) === endOf(seen);
      if (isSame && this.unsighted.value.size > 0) {
        this.showFirst(seen, NONE, again);
        return false;
      }
    }
    this.problem.value = outcome.failure.text;
    return false;
  }

  /** Keep the report after its review, set its reminder or its gist. Returns why that is not done. */
  async put<Part extends keyof Parts>(part: Part, body: Parts[Part]): Promise<Failure | null> {
    this.problem.value = null;
    const params = { path: { report_id: this.id }, header: { 'If-Match': this.etag } };
    const calls = {
      review: () =>
        this.api.POST('/v1/officer/reports/{report_id}/review', {
          params,
          body: body as Parts['review'],
        }),
      reminder: () =>
        this.api.PUT('/v1/officer/reports/{report_id}/reminder', {
          params,
          body: body as Parts['reminder'],
        }),
      gist: () =>
        this.api.PUT('/v1/officer/reports/{report_id}/gist', {
          params,
          body: body as Parts['gist'],
        }),
    };
    const outcome = await outcomeOf<Partial<Report>>(calls[part]());
    if (!outcome.ok) {
      if (STALE.has(outcome.failure.status)) await this.load();
      return outcome.failure;
    }
    this.etag = etagOf(outcome.response);
    this.merge(outcome.data);
    this.changed();
    return null;
  }

  /** Show the report as an own step has left it, with the tag that the next one takes. */
  async take({ data, response }: Done<ChangedReport>): Promise<void> {
    const seen = this.report.value;
    const { read, ...part } = data;
    this.etag = etagOf(response);
    this.merge({ ...part, ...(part.duplicate_of === null && { original: null }) });
    // A place that came since is read by this step and not shown, and so is another original.
    const isLinked = part.duplicate_of !== null && part.duplicate_of !== seen?.duplicate_of;
    if (isLinked || read > (seen?.unread ?? 0)) await this.load();
  }

  /** How many messages this officer has had in sight. */
  get messagesSeen(): number {
    return (this.report.value?.message_count ?? 0) - this.unsighted.value.size;
  }

  /** Count messages as read: they are in sight. */
  sight(ids: Iterable<string> = this.unsighted.value): void {
    const left = new Set(this.unsighted.value);
    for (const id of ids) left.delete(id);
    this.unsighted.value = left;
    if (left.size === 0 && this.news.value.includes('message')) void this.check();
  }

  /** Count places as seen. */
  sightPlaces(ids: Iterable<string> = this.unsightedPlaces.value): void {
    const left = new Set(this.unsightedPlaces.value);
    for (const id of ids) left.delete(id);
    this.unsightedPlaces.value = left;
  }

  /** Put what is known of the report after a step. */
  merge(part: Partial<Report>): void {
    const { value } = this.report;
    if (value === null) return;
    this.mergedAt = Date.now();
    this.report.value = { ...value, ...part };
    if (this.report.value.unread > 0) return;
    this.fresh.value = NONE;
    this.readUpTo = 0;
  }

  /** Read the page before what is shown of a part. */
  async earlier(part: 'messages' | 'notes' | 'positions'): Promise<void> {
    const seen = this.report.value;
    const cursor = seen?.[`${part}_cursor`];
    if (!seen || !cursor) return;
    const params = { path: { report_id: this.id }, query: { cursor } };
    const read = {
      messages: () => this.api.GET('/v1/officer/reports/{report_id}/messages', { params }),
      notes: () => this.api.GET('/v1/officer/reports/{report_id}/notes', { params }),
      positions: () => this.api.GET('/v1/officer/reports/{report_id}/positions', { params }),
    };
    const outcome = await outcomeOf<{ items: object[]; next_cursor: string | null }>(read[part]());
    if (!outcome.ok) {
      this.problem.value = outcome.failure.text;
      return;
    }
    const { items, next_cursor: next } = outcome.data;
    this.merge({ [part]: [...items, ...seen[part]], [`${part}_cursor`]: next });
  }

  /** Show what was written since the officer has read, and keep what was to be done. */
  async readFirst(
    seen: Report,
    waiting: ReadonlySet<string>,
    again: () => Promise<boolean>,
  ): Promise<void> {
    await this.load();
    this.showFirst(seen, waiting, again);
  }

  private showFirst(
    seen: Report,
    waiting: ReadonlySet<string>,
    again: () => Promise<boolean>,
  ): void {
    const known = new Set(seen.messages.map(({ id }) => id).filter((id) => !waiting.has(id)));
    const messages = this.report.value?.messages.filter(({ id }) => !known.has(id)) ?? [];
    this.sight();
    this.unseen.value = { messages, again };
  }

  /** Check soon, not before an own step is some seconds old. Returns a function that takes it back. */
  checkSoon(): () => void {
    const pause = Math.max(0, this.mergedAt + AFTER_STEP_MS - Date.now());
    const timer = setTimeout(() => void this.check(), pause);
    return () => clearTimeout(timer);
  }

  /**
   * Compare with the list's row, which is no opening, whether the report is as it was read. What
   * the reporter has written meanwhile is read, on record, and added to the conversation. What they
   * have withdrawn does not stay: they have read that officers no longer see it.
   */
  async check(): Promise<void> {
    const seen = this.report.value;
    if (seen === null || this.loading.value) return;
    const query = { reference: seen.reference, limit: 1 };
    const outcome = await outcomeOf(this.api.GET('/v1/officer/reports', { params: { query } }));
    const row = outcome.ok ? outcome.data.items.find(({ id }) => id === this.id) : undefined;
    if (row === undefined || this.report.value !== seen) return;
    if (row.status === 'withdrawn' && seen.status !== 'withdrawn') return this.load();
    const unread = row.unread > Math.max(seen.unread, this.readUpTo);
    const added = unread ? await this.readMessages(seen) : null;
    if (this.report.value !== seen) return;
    if (added !== null) this.readUpTo = row.unread;
    const shown = added?.length ? this.add(seen, added) : seen;
    this.news.value = newsOf(shown, row, this.readUpTo === row.unread, Date.now());
  }

  /** Return what was written since; null when that is not read now. */
  private async readMessages(seen: Report): Promise<Message[] | null> {
    // One that nobody has looked at yet is enough: the others wait with it.
    if (this.unsighted.value.size > 0 || seen.restricted || this.reads >= MOST_READS) return null;
    this.reads += 1;
    const path = { report_id: this.id };
    const outcome = await outcomeOf(
      this.api.GET('/v1/officer/reports/{report_id}/messages', { params: { path } }),
    );
    if (!outcome.ok || outcome.data.restricted) return null;
    const { items } = outcome.data;
    const added = newMessages(seen, items);
    // With none that is known there may be others between.
    return added.length === items.length && seen.messages.length > 0 ? null : added;
  }

  private add(seen: Report, added: Message[]): Report {
    const written = added.filter(({ from }) => from === 'reporter').length;
    keepInPlace(document.querySelector('.reply'));
    const shown = {
      ...seen,
      messages: [...seen.messages, ...added],
      message_count: seen.message_count + added.length,
      unread: seen.unread + written,
    };
    this.report.value = shown;
    this.mark(added);
    return shown;
  }

  private mark(added: readonly Message[]): void {
    if (added.length === 0) return;
    const ids = added.map(({ id }) => id);
    this.fresh.value = new Set([...this.fresh.value, ...ids]);
    this.unsighted.value = new Set([...this.unsighted.value, ...ids]);
  }

  private markPlaces(unread: ReadonlySet<string>): void {
    const fresh = [...unread].filter((id) => !this.freshPlaces.value.has(id));
    if (fresh.length === 0) return;
    this.freshPlaces.value = new Set([...this.freshPlaces.value, ...fresh]);
    this.unsightedPlaces.value = new Set([...this.unsightedPlaces.value, ...fresh]);
  }

  /** Keep nothing of what the reporter has withdrawn. */
  private forget(): void {
    this.unseen.value = null;
    for (const ids of [this.fresh, this.unsighted, this.freshPlaces, this.unsightedPlaces]) {
      ids.value = NONE;
    }
  }

  /** Show what a colleague has done meanwhile. Returns whether the step is done all the same. */
  private async conflictWith(seen: Report, wanted: ReportChange, isAgain: boolean): Promise<boolean> {
    await this.load();
    const now = this.report.value;
    if (now === null || now === seen) return false;
    // The opening was too old for an end, and what came since was read on this page.
    const isSame = now.version === seen.version && filesOf(now) === filesOf(seen);
    const isRead = this.unsighted.value.size + this.unsightedPlaces.value.size === 0;
    if (isSame && isRead && !isAgain) return this.change(wanted, true);
    this.conflict.value = {
      differences: differences(seen, now, wanted),
      mine: remaining(now, wanted),
    };
    return false;
  }
}

/** The files of a report and what became of them, to compare. */
function filesOf({ media }: Report): string {
  return JSON.stringify(media.map(({ media_id: id, state }) => [id, state]));
}

/** The end that waits, to compare: its tag changes with all that comes. */
function endOf(report: Report | null): string {
  return JSON.stringify({ ...report?.proposal, tag: undefined });
}

function etagOf(response: Response): string {
  return response.headers.get('ETag') ?? '';
}

/** Return what settles a step: show what it has changed, or say why it has not. */
export function useStep(open: OpenReport) {
  return async <T>(
    call: Promise<Outcome<T>>,
    changed: (data: T, seen: Report) => Partial<Report>,
  ): Promise<Failure | null> => {
    const outcome = await call;
    const seen = open.report.value;
    if (outcome.ok && seen) open.merge(changed(outcome.data, seen));
    // What was swapped since it was read is shown before anything is approved.
    else if (!outcome.ok && STALE.has(outcome.failure.status)) await open.load();
    return outcome.ok ? null : outcome.failure;
  };
}

/** Return the flags with this one, or without it. */
export function flagged({ flags }: Pick<Report, 'flags'>, flag: Flag, isSet: boolean): Flag[] {
  return [...flags.filter((each) => each !== flag), ...(isSet ? [flag] : [])];
}

function newMessages(seen: Report, messages: readonly Message[]): Message[] {
  const known = new Set(seen.messages.map(({ id }) => id));
  return messages.filter(({ id }) => !known.has(id));
}

/** What has changed of a report that is open, as its row in the list says. */
export type News =
  | 'message'
  | 'place'
  | 'media'
  | 'ready'
  | 'withdrawn'
  | 'reopened'
  | 'changed';

type Shown = Waiting & Pick<Report, 'version' | 'unread' | 'media' | 'flags'>;
type Row = Pick<ListedReport, 'status' | 'version' | 'unread' | 'media' | 'flags' | 'awaits'>;

// What officers do to a report without a new version of it.
const OF_OFFICERS = ['muted', 'passed_on'] as const;

/**
 * Return what the row has that the report, as it is shown, has not. `read`: the messages were read
 * since, so that what is unread beyond them are places.
 */
export function newsOf(shown: Shown, row: Row, read: boolean, now: number): News[] {
  const news: News[] = [];
  if (row.status === 'withdrawn' && shown.status !== 'withdrawn') news.push('withdrawn');
  // A reopening by the reporter leaves the version as it is.
  else if (row.version === shown.version && row.status !== shown.status) news.push('reopened');
  else if (row.version !== shown.version || hasStepOfSecond(shown, row, now)) news.push('changed');
  if (row.unread > shown.unread) news.push(read ? 'place' : 'message');
  // The row counts the reporter's files only, not what officers have sent.
  const media = shown.media.filter(({ from }) => from === 'reporter');
  const ready = media.filter(({ state }) => state === 'ready').length;
  const early = media.filter((each) => each.early).length;
  if (row.media.total !== media.length) news.push('media');
  else if (row.media.ready !== ready || (row.media.early ?? 0) !== early) news.push('ready');
  return news;
}

/** Return whether an officer has begun, approved or ended something: none of that is a version. */
function hasStepOfSecond(shown: Shown, row: Row, now: number): boolean {
  const waits = waitingSteps(shown, now);
  return (
    waits.length !== row.awaits.length ||
    waits.some((step) => !row.awaits.includes(step)) ||
    OF_OFFICERS.some((flag) => shown.flags.includes(flag) !== row.flags.includes(flag))
  );
}

/** What two officers wanted of one report at the same time. */
const FIELDS = [
  'status',
  'assignee',
  'urgency',
  'category',
  'disposition',
  'reason',
  'duplicate_of',
] as const;

export type Field = (typeof FIELDS)[number];
type Versioned = Pick<Report, Field>;

export interface Difference {
  field: Field;
  /** As this officer saw it. */
  before: string | null;
  /** As the other officer has made it. */
  theirs: string | null;
  /** As this officer wants it; undefined when they did not touch it. */
  mine: string | null | undefined;
}

/** Return each field that the other officer has changed, or that both would change. */
export function differences(
  seen: Versioned,
  now: Versioned,
  wanted: ReportChange,
): Difference[] {
  return FIELDS.filter((field) => seen[field] !== now[field] || isWanted(wanted, field)).map(
    (field) => ({ field, before: seen[field], theirs: now[field], mine: wanted[field] }),
  );
}

/** Return what is left to ask for once the report is as it is now; null when it is so already. */
export function remaining(now: Versioned, wanted: ReportChange): ReportChange | null {
  const fields = FIELDS.filter((field) => isWanted(wanted, field));
  return fields.every((field) => wanted[field] === now[field]) ? null : wanted;
}

function isWanted(wanted: ReportChange, field: Field): boolean {
  return wanted[field] !== undefined;
}

/** What of a report is unread. The API counts messages and later places together. */
type Read = Pick<Report, 'unread' | 'messages' | 'positions'>;
type Kind = 'messages' | 'positions';

interface Entry {
  kind: Kind;
  id: string;
  at: string;
}

/**
 * Return the ids of the reporter's latest messages and places, as many as are unread. Both are timed
 * to the minute: of those that came in the minute of the first one, rather too many than too few.
 */
export function unreadOf({ unread, messages, positions }: Read): Record<Kind, ReadonlySet<string>> {
  const written = messages.filter(({ from }) => from === 'reporter');
  const entries: Entry[] = [
    ...written.map(({ id, sent_at: at }): Entry => ({ kind: 'messages', id, at })),
    ...positions.map(({ id, received_at: at }): Entry => ({ kind: 'positions', id, at })),
  ];
  const latest = entries.reverse().sort((one, other) => other.at.localeCompare(one.at));
  const first = latest.slice(0, unread).at(-1)?.at ?? '';
  const later = latest.filter(({ at }) => at > first).length;
  const of = (kind: Kind): ReadonlySet<string> => {
    const own = latest.filter((entry) => entry.kind === kind);
    const atFirst = own.filter(({ at }) => at === first).slice(0, unread - later);
    return new Set([...own.filter(({ at }) => at > first), ...atFirst].map(({ id }) => id));
  };
  return unread === 0
    ? { messages: new Set(), positions: new Set() }
    : { messages: of('messages'), positions: of('positions') };
}

/** The steps on a report that wait for a second officer, named as its row in the list names them. */
export type Waiting = Pick<
  Report,
  'status' | 'proposal' | 'hold' | 'referrals' | 'masks' | 'requests' | 'returning'
>;
export type WaitingStep =
  | 'closing'
  | 'hold'
  | 'hold_lift'
  | 'referral'
  | 'mask'
  | 'request'
  | 'oversight_return';

/** Return what waits at this time: the end of a hold ends what is asked of it. */
export function waitingSteps(report: Waiting, now: number): WaitingStep[] {
  const { status, proposal, hold, referrals, masks, requests, returning } = report;
  const isHoldOver = hold !== null && Date.parse(hold.until) <= now;
  const steps: Record<WaitingStep, boolean> = {
    closing: status !== 'withdrawn' && proposal !== null,
    hold: hold !== null && hold.approved_by === null && !isHoldOver,
    hold_lift: Boolean(hold?.lift) && !isHoldOver,
    oversight_return: status !== 'withdrawn' && returning !== null,
    referral: status !== 'withdrawn' && referrals.some(({ approved_by: by }) => by === null),
    mask: status !== 'withdrawn' && masks.some(({ approved_by: by }) => by === null),
    request: status !== 'withdrawn' && requests.some(({ open }) => open),
  };
  return (Object.keys(steps) as WaitingStep[]).filter((step) => steps[step]);
}
