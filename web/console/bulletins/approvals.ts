/** How many bulletins await the approval of this officer, for the count beside their page. */

import { computed, effect, signal } from '@preact/signals';

import { outcomeOf } from '../calls.ts';
import type { PulseWatch } from '../pulse.ts';
import { mayApprove } from '../roles.ts';
import type { Api, Me } from '../types.ts';
import { awaitsApprovalOf, type Approvable } from './groups.ts';

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
