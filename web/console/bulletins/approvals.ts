/** How many bulletins await the approval of this officer, for the count beside their page. */

import { computed, effect, signal } from '@preact/signals';

import { outcomeOf } from '../calls.ts';
import type { PulseWatch } from '../pulse.ts';
import { type Api, mayApprove, type Me, type Schemas } from '../types.ts';

// Each call is on record. What the officer reads of bulletins meanwhile is counted with it.
const EVERY_MS = 10 * 60_000;
const MOST = 50;

export class Approvals {
  private readonly ids = signal<ReadonlySet<string>>(new Set());
  /** Of the newest bulletins, and of those that were read since: the least that there are. */
  readonly count = computed(() => this.ids.value.size);
  private readAt = -Infinity;

  constructor(
    private readonly api: Api,
    private readonly me: Pick<Me, 'username' | 'roles' | 'approves_from'>,
    private readonly pulse: Pick<PulseWatch, 'pulse'>,
  ) {}

  /** Read them now and then, with a pulse: while somebody is there to see it. Returns what ends it. */
  start(): () => void {
    return effect(() => {
      if (this.pulse.pulse.value === null || !this.isDue()) return;
      this.readAt = Date.now();
      void this.read();
    });
  }

  /** Count what was read of bulletins for a page. */
  know(bulletins: readonly Approvable[]): void {
    if (mayApprove(this.me, Date.now())) this.ids.value = this.with(this.ids.peek(), bulletins);
  }

  private isDue(): boolean {
    return mayApprove(this.me, Date.now()) && Date.now() - this.readAt >= EVERY_MS;
  }

  private async read(): Promise<void> {
    const query = { limit: MOST };
    const outcome = await outcomeOf(this.api.GET('/v1/officer/bulletins', { params: { query } }));
    if (outcome.ok) this.ids.value = this.with(new Set(), outcome.data.items);
  }

  private with(before: ReadonlySet<string>, bulletins: readonly Approvable[]): Set<string> {
    const ids = new Set(before);
    for (const each of bulletins) {
      if (awaitsApprovalOf(each, this.me.username)) ids.add(each.id);
      else ids.delete(each.id);
    }
    return ids;
  }
}

/** How the list of bulletins is ordered: what awaits approval comes first. */
export type ListedBulletin = Schemas['ListedBulletin'];

export interface Groups {
  /** Await approval by this officer. */
  mine: ListedBulletin[];
  /** Await approval by somebody else, because this officer wrote part of them. */
  others: ListedBulletin[];
  /** Were declined, and are to be written anew by anybody of the channel. */
  declined: ListedBulletin[];
  /** What readers see now, the next to expire first. */
  published: ListedBulletin[];
  ended: ListedBulletin[];
}

/** What says whether something of a bulletin waits, and for whom. */
export type Approvable = Pick<
  ListedBulletin,
  'id' | 'declined' | 'pending' | 'pending_words' | 'authors'
>;

/** Return whether a version, or words about the end, wait for a second officer. */
export function awaitsApproval(bulletin: Approvable): boolean {
  return bulletin.declined === null && (bulletin.pending || bulletin.pending_words !== null);
}

/** Return whether they wait for this officer: nobody approves what they have written a part of. */
export function awaitsApprovalOf(bulletin: Approvable, username: string): boolean {
  return awaitsApproval(bulletin) && !bulletin.authors.includes(username);
}

export function grouped(bulletins: readonly ListedBulletin[], username: string): Groups {
  const groups: Groups = { mine: [], others: [], declined: [], published: [], ended: [] };
  for (const each of bulletins) {
    if (awaitsApprovalOf(each, username)) {
      groups.mine.push(each);
    } else if (awaitsApproval(each)) {
      groups.others.push(each);
    } else if (each.declined) {
      groups.declined.push(each);
    } else if (each.state === 'published') {
      groups.published.push(each);
    } else {
      groups.ended.push(each);
    }
  }
  groups.published.sort((a, b) => (a.expires_at ?? '').localeCompare(b.expires_at ?? ''));
  return groups;
}
