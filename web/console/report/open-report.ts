/** The report that is open: as it was read, and what stands in the way of a step. */

import { signal } from '@preact/signals';

import { type Failure, outcomeOf } from '../calls.ts';
import { changeReport } from '../steps.ts';
import type { Api, Message, Report, ReportChange } from '../types.ts';
import { type Difference, differences, remaining } from './conflict.ts';

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
  /** Whether somebody has changed it since it was read. */
  readonly stale = signal(false);

  private reason: string | undefined;

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
      this.report.value = outcome.data;
      this.failure.value = null;
      this.stale.value = false;
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
    const body = { ...wanted, messages_seen: seen.message_count };
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
  }

  /** Show what was written since `seen`, and keep what was to be done. */
  async readFirst(seen: Report, again: () => Promise<boolean>): Promise<void> {
    await this.load();
    const known = new Set(seen.messages.map(({ id }) => id));
    const messages = this.report.value?.messages.filter(({ id }) => !known.has(id)) ?? [];
    this.unseen.value = { messages, again };
  }

  /** Compare with the list's row, which is no opening, whether the report is as it was read. */
  async check(): Promise<void> {
    const seen = this.report.value;
    if (seen === null || this.loading.value) return;
    const query = { reference: seen.reference, limit: 1 };
    const outcome = await outcomeOf(this.api.GET('/v1/officer/reports', { params: { query } }));
    const row = outcome.ok ? outcome.data.items.find(({ id }) => id === this.id) : undefined;
    const now = this.report.value;
    if (row === undefined || now === null || now !== seen) return;
    const ready = now.media.filter(({ state }) => state === 'ready').length;
    this.stale.value =
      row.version !== now.version ||
      row.unread > now.unread ||
      row.media.total !== now.media.length ||
      row.media.ready !== ready;
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
