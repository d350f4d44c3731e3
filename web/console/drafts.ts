/** What an officer has begun to write, in the memory of this page alone. */

import { computed, signal } from '@preact/signals';

export class Drafts {
  private readonly kept = signal<ReadonlyMap<string, string>>(new Map());
  /** Whether anything would be lost with the page. */
  readonly any = computed(() => this.kept.value.size > 0);

  /** Return what was written for `key`, such as `reply:<report id>`. */
  get(key: string): string {
    return this.kept.value.get(key) ?? '';
  }

  /** Keep a text; a blank one is no draft. */
  set(key: string, text: string): void {
    const kept = new Map(this.kept.value);
    if (text.trim()) kept.set(key, text);
    else kept.delete(key);
    this.kept.value = kept;
  }

  /** Forget all of them. */
  clear(): void {
    this.kept.value = new Map();
  }

  /** Ask before the browser leaves the page, while there is a draft. Returns what ends it. */
  guard(): () => void {
    const leaving = (event: BeforeUnloadEvent) => {
      if (this.any.value) event.preventDefault();
    };
    addEventListener('beforeunload', leaving);
    return () => removeEventListener('beforeunload', leaving);
  }
}
