/** The list of reports that is shown, and what has changed since. */

import { signal } from '@preact/signals';

import { type Failure, outcomeOf } from '../calls.ts';
import { Selection } from '../parts/selection.ts';
import type { Api, Burst, ListedReport, Schemas } from '../types.ts';
import { type Filters, hasBurst, NO_FILTERS, queryOf } from './filters.ts';

const PAGE = 50;
// With filters that no index serves a page may be short, or empty, although more follow. Who asks
// for more has much to see: a night of 2,000 is ten presses.
const MOST_READS = 4;
const NONE: ReadonlySet<string> = new Set();

interface Page {
  rows: ListedReport[];
  next: string | null;
  /** Those above a first page; null when they could not be read. */
  bursts: Burst[] | null;
}

/** What may be one event, and the incident that it was taken into. */
export type FoundEvent = Schemas['Event'] & { taken?: Schemas['InIncident'] };

/** The burst, or the incident, whose reports a list has. */
export type Within = { burst: string } | { incident: string };

export class ReportList {
  readonly filters = signal<Filters>(NO_FILTERS);
  readonly rows = signal<readonly ListedReport[] | null>(null);
  /** The bursts above the rows; null when they could not be read. */
  readonly bursts = signal<readonly Burst[] | null>([]);
  readonly next = signal<string | null>(null);
  readonly loading = signal(false);
  readonly failure = signal<Failure | null>(null);
  readonly added = signal(0);
  /** Whether there can be more new ones than those: the page that was read ends with a new one. */
  readonly addedMore = signal(false);
  /** How many bursts have begun since. */
  readonly begun = signal(0);
  /** How many reports an empty list has shown by itself. */
  readonly arrived = signal(0);
  readonly critical = signal(0);
  readonly moved = signal(false);
  readonly gone = signal<ReadonlySet<string>>(NONE);
  /** The rows that are chosen, of those that can be. */
  readonly selection = new Selection(() => {
    const rows = this.rows.value?.filter((row) => !this.gone.value.has(row.id) && this.isOne(row));
    return rows?.map(({ id }) => id) ?? [];
  });
  /** What was found to be one event; null before it is asked for. */
  readonly events = signal<readonly FoundEvent[] | null>(null);
  /** The report that was opened last: the focus returns to it. */
  lastOpened: string | null = null;

  private fresh: Page | null = null;
  private reading = 0;

  /** `within` a burst or an incident, the list is that of its reports. */
  constructor(
    private readonly api: Api,
    private readonly username: string,
    readonly within?: Within,
  ) {
    if (within) this.filters.value = { ...NO_FILTERS, sort: 'newest' };
  }

  /** Whether a row is one report, and stands for no others: only such are chosen. */
  isOne(row: ListedReport): boolean {
    return !isSeveral(row) && !row.same_text;
  }

  /** Narrow the list otherwise, and read it. */
  async narrow(filters: Filters): Promise<void> {
    this.filters.value = filters;
    this.rows.value = null;
    this.selection.none();
    await this.load();
  }

  /**
   * Read as much again as was shown, and return the report to go on with: the one opened last, or
   * the one that followed it, where it has gone to another place of the list.
   */
  async comeBack(): Promise<string | null> {
    const before = this.rows.peek()?.map(({ id }) => id) ?? [];
    await this.load();
    while ((this.rows.peek()?.length ?? 0) < before.length) {
      const shown = this.rows.peek()?.length;
      await this.more();
      if (this.rows.peek()?.length === shown) break;
    }
    const now = this.rows.peek()?.map(({ id }) => id) ?? [];
    const last = this.lastOpened;
    this.lastOpened = null;
    return last === null ? null : goOnWith(last, before, now);
  }

  /** Read the first page, and show it. */
  async load(): Promise<void> {
    const page = await this.read(null);
    if (page) this.put(page);
  }

  /** Read the next page, and show it below. */
  async more(): Promise<void> {
    if (this.next.value === null || this.loading.value) return;
    const page = await this.read(this.next.value);
    if (page === null) return;
    const known = new Set(this.rows.value?.map((row) => row.id));
    const further = page.rows.filter((row) => !known.has(row.id));
    this.rows.value = [...(this.rows.value ?? []), ...further];
    this.next.value = page.next;
  }

  /** Read the first page again, and hold back what would move a row: in an empty list nothing. */
  async refresh(): Promise<void> {
    if (this.rows.value === null || this.loading.value) return;
    const page = await this.read(null, { quietly: true });
    if (page === null || this.rows.value === null) return;
    const bursts = this.bursts.value ?? [];
    if (this.rows.value.length === 0 && bursts.length === 0) {
      this.put(page);
      this.arrived.value = page.rows.length;
      return;
    }
    this.fresh = page;
    this.take(changesOf(this.rows.value, page.rows, page.next === null));
    this.takeBursts(burstChanges(bursts, page.bursts ?? bursts));
  }

  /** Show what was held back. */
  show(): void {
    if (this.fresh) this.put(this.fresh);
  }

  /** Show a row as it is after an own step. */
  replace(row: ListedReport): void {
    this.rows.value = this.rows.value?.map((old) => (old.id === row.id ? row : old)) ?? null;
  }

  private put(page: Page): void {
    this.fresh = null;
    this.rows.value = page.rows;
    this.next.value = page.next;
    this.bursts.value = page.bursts;
    this.added.value = 0;
    this.addedMore.value = false;
    this.begun.value = 0;
    this.arrived.value = 0;
    this.critical.value = 0;
    this.moved.value = false;
    this.gone.value = NONE;
  }

  private take(changes: Changes): void {
    this.rows.value = changes.rows;
    this.added.value = changes.added;
    this.addedMore.value = changes.more;
    this.critical.value = changes.critical;
    this.moved.value = changes.moved;
    this.gone.value = changes.gone;
  }

  private takeBursts({ bursts, begun, isOver }: BurstChanges): void {
    this.bursts.value = bursts;
    this.begun.value = begun;
    if (isOver) this.moved.value = true;
  }

  private async read(from: string | null, { quietly = false } = {}): Promise<Page | null> {
    const reading = ++this.reading;
    if (!quietly) this.loading.value = true;
    const page = await this.pageFrom(from);
    // Whoever has narrowed the list meanwhile waits for another page.
    if (reading !== this.reading) return null;
    this.loading.value = false;
    if ('failure' in page) {
      if (!quietly) this.failure.value = page.failure;
      return null;
    }
    this.failure.value = null;
    return page;
  }

  private async pageFrom(from: string | null): Promise<Page | { failure: Failure }> {
    const filters = { ...queryOf(this.filters.value, this.username), ...this.within };
    const bursts = from === null ? this.readBursts() : [];
    const isOfOne = this.within !== undefined && 'incident' in this.within;
    const rows: ListedReport[] = [];
    let next = from;
    for (let reads = 0; reads < MOST_READS; reads += 1) {
      const query = { ...filters, limit: PAGE, ...(next !== null && { cursor: next }) };
      const outcome = await outcomeOf(this.api.GET('/v1/officer/reports', { params: { query } }));
      if (!outcome.ok) return { failure: outcome.failure };
      const { items, next_cursor: cursor } = outcome.data;
      // The page of an incident names it already.
      rows.push(...(isOfOne ? items.map((row) => ({ ...row, incident: null })) : items));
      next = cursor;
      if (next === null || (from === null && rows.length >= PAGE / 2)) break;
    }
    return { rows, next, bursts: await bursts };
  }

  private async readBursts(): Promise<Burst[] | null> {
    const filters = this.filters.value;
    if (filters.sort !== 'attention') return [];
    const outcome = await outcomeOf(this.api.GET('/v1/officer/bursts'));
    if (!outcome.ok) return null;
    return outcome.data.items.filter((burst) => hasBurst(filters, burst));
  }
}

/** Return where to go on in a list after a report was opened: at it, if it still stands before what
 * followed it, else at what did.
 */
export function goOnWith(
  last: string,
  before: readonly string[],
  now: readonly string[],
): string | null {
  // Such as a burst.
  if (!before.includes(last)) return last;
  const following = before.slice(before.indexOf(last) + 1);
  const next = following.find((id) => now.includes(id)) ?? null;
  const place = now.indexOf(last);
  const hasMoved = place === -1 || (next !== null && place > now.indexOf(next));
  return hasMoved ? next : last;
}

/** Whether a row stands for several reports of an incident, or for all that one knows. */
export function isSeveral({ incident, stands_for: count }: ListedReport): boolean {
  return incident !== null && incident.count > 1 && count !== 1;
}

/** What a list read anew has that the shown one has not. */
export interface Changes {
  /** The shown rows, each as it is now: at its place. */
  rows: ListedReport[];
  /** How many reports are new to the list. A row that was parted from those of its incident is none. */
  added: number;
  /** Whether more can follow: the page ends with one that is new, and is not the last page. */
  more: boolean;
  /** How many of these are critical, and new. */
  critical: number;
  /** Whether the shown ones would stand elsewhere now. */
  moved: boolean;
  /** The ids of the shown ones that the list has no more. */
  gone: ReadonlySet<string>;
}

/** Compare the first page read anew with all rows that are shown.
 *
 * `whole` says that nothing follows the page. Without it the shown rows behind those that the page
 * can reach are left as they are.
 */
export function changesOf(
  shown: readonly ListedReport[],
  fresh: readonly ListedReport[],
  whole: boolean,
): Changes {
  const now = new Map(fresh.map((row) => [row.id, row]));
  const known = new Set(shown.map((row) => row.id));
  const further = fresh.filter((row) => !known.has(row.id));
  const incidents = new Set(shown.flatMap(({ incident }) => incident?.id ?? []));
  const added = further.filter(({ incident }) => !incident || !incidents.has(incident.id));
  const critical = added.filter(
    ({ urgency, status, source }) =>
      urgency === 'critical' && status === 'new' && source !== 'drill',
  ).length;
  const reached = whole ? shown.length : Math.max(0, fresh.length - further.length);
  const gone = shown.slice(0, reached).filter((row) => !now.has(row.id));
  const before = shown.filter((row) => now.has(row.id)).map((row) => row.id);
  const after = fresh.filter((row) => known.has(row.id)).map((row) => row.id);
  return {
    rows: shown.map((row) => now.get(row.id) ?? row),
    added: added.length,
    more: !whole && added.length > 0 && added.at(-1) === fresh.at(-1),
    critical,
    moved:
      added.length < further.length || before.some((id, place) => id !== after[place]),
    gone: new Set(gone.map((row) => row.id)),
  };
}

/** What the bursts read anew have that the shown ones have not. */
export interface BurstChanges {
  /** The shown ones, each with its number as it is now, at its place: 0 when it is over. */
  bursts: Burst[];
  /** How many have begun. */
  begun: number;
  isOver: boolean;
}

/** Compare the bursts read anew with those that are shown. */
export function burstChanges(shown: readonly Burst[], fresh: readonly Burst[]): BurstChanges {
  const now = new Map(fresh.map((burst) => [burst.id, burst]));
  const known = new Set(shown.map(({ id }) => id));
  return {
    bursts: shown.map((burst) => now.get(burst.id) ?? { ...burst, count: 0, is_exact: true }),
    begun: fresh.filter(({ id }) => !known.has(id)).length,
    isOver: shown.some(({ id }) => !now.has(id)),
  };
}
