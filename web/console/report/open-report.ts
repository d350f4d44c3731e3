/** The report that is open: as it was read, and what stands in the way of a step. */

import { signal } from '@preact/signals';

import { type Failure, type Outcome, outcomeOf } from '../calls.ts';
import { keepInPlace } from '../parts/keep-in-place.ts';
import { changeReport } from '../steps.ts';
import type { Api, Message, Report, ReportChange } from '../types.ts';
import { type Difference, differences, remaining } from './conflict.ts';
import { type News, newsOf } from './news.ts';
import { unreadOf } from './unread.ts';

// Each read is on record: somebody who writes all the time is not followed without end.
const MOST_READS = 20;
const NONE: ReadonlySet<string> = new Set();

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
  async change(wanted: ReportChange): Promise<boolean> {
    const seen = this.report.value;
    if (seen === null) return false;
    this.problem.value = null;
    const body = { ...wanted, messages_seen: this.messagesSeen };
    const outcome = await changeReport(this.api, this.id, seen.version, body);
    if (outcome.ok) {
      this.merge(outcome.data);
      this.changed();
      // The response has no times of the steps: the report is read again for them.
      if (wanted.status !== undefined) await this.load();
      return true;
    }
    const { failure } = outcome;
    if (failure.status === 412) await this.conflictWith(seen, wanted);
    else if (failure.code === 'new_message') await this.readFirst(seen, () => this.change(wanted));
    else this.problem.value = failure.text;
    return false;
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
    const merged = { ...value, ...part };
    const attended = part.version !== undefined && part.status !== 'new';
    this.report.value = {
      ...merged,
      flags: attended ? merged.flags.filter((flag) => flag !== 'overdue') : merged.flags,
      unread: part.version === undefined ? merged.unread : 0,
    };
    if (this.report.value.unread > 0) return;
    this.fresh.value = NONE;
    this.readUpTo = 0;
  }

  /** Show what was written since the officer has read, and keep what was to be done. */
  async readFirst(seen: Report, again: () => Promise<boolean>): Promise<void> {
    const waiting = this.unsighted.value;
    await this.load();
    const known = new Set(seen.messages.map(({ id }) => id).filter((id) => !waiting.has(id)));
    const messages = this.report.value?.messages.filter(({ id }) => !known.has(id)) ?? [];
    this.sight();
    this.unseen.value = { messages, again };
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

  private async conflictWith(seen: Report, wanted: ReportChange): Promise<void> {
    await this.load();
    const now = this.report.value;
    if (now === null || now === seen) return;
    this.conflict.value = {
      differences: differences(seen, now, wanted),
      mine: remaining(now, wanted),
    };
  }
}

/** Return what settles a step: read the report again, or say why not. */
export function useStep(open: OpenReport) {
  return async (call: Promise<Outcome<unknown>>): Promise<Failure | null> => {
    const outcome = await call;
    if (!outcome.ok) return outcome.failure;
    await open.load();
    return null;
  };
}

function newMessages(seen: Report, messages: readonly Message[]): Message[] {
  const known = new Set(seen.messages.map(({ id }) => id));
  return messages.filter(({ id }) => !known.has(id));
}
