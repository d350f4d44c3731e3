/** Which rows of a list are chosen: with a pointer, or with the keyboard alone. */

import { computed, signal } from '@preact/signals';

const NONE: ReadonlySet<string> = new Set();

export class Selection {
  private readonly picked = signal(NONE);
  /** The row that was chosen last: Shift goes from it. */
  private last: string | null = null;

  /** `shown` returns the ids of the rows that can be chosen, in their order. It may read signals. */
  constructor(private readonly shown: () => readonly string[]) {}

  /** The ids of the chosen rows, in their order. A row that is no longer shown is not chosen. */
  readonly ids = computed(() => this.shown().filter((id) => this.picked.value.has(id)));

  has(id: string): boolean {
    return this.picked.value.has(id);
  }

  /** Choose a row, or no longer. With `through`, choose all from the one chosen last to this one. */
  toggle(id: string, through = false): void {
    const shown = this.shown();
    const ends = [shown.indexOf(this.last ?? ''), shown.indexOf(id)].sort((a, b) => a - b);
    const next = new Set(this.picked.value);
    if (through && ends[0] !== -1) {
      for (const each of shown.slice(ends[0], (ends[1] ?? 0) + 1)) next.add(each);
    } else if (!next.delete(id)) next.add(id);
    this.picked.value = next;
    this.last = id;
  }

  /** Choose all rows that are shown. */
  all(): void {
    this.picked.value = new Set(this.shown());
  }

  /** Choose these alone, as far as they are shown. */
  only(ids: Iterable<string>): void {
    this.picked.value = new Set(ids);
    this.last = null;
  }

  none(): void {
    this.picked.value = NONE;
    this.last = null;
  }

  /**
   * Do what a key asks for, while `at` is the row that has the focus: Space chooses it, with Shift
   * all up to it; Shift and A choose all, Escape none. Return whether it asked for anything.
   */
  press({ key, shiftKey }: Pick<KeyboardEvent, 'key' | 'shiftKey'>, at: string | null): boolean {
    if (key === ' ' && at !== null && this.shown().includes(at)) this.toggle(at, shiftKey);
    else if (key === 'A') this.all();
    else if (key === 'Escape' && this.ids.value.length > 0) this.none();
    else return false;
    return true;
  }
}
