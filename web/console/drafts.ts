/** What an officer has begun to write, in the memory of this page alone. */

import { computed, signal } from '@preact/signals';

import type { Message } from './types.ts';

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

/** Replies whose answer has not come: each may have arrived, and is not to arrive twice. */
export interface Reply {
  text: string;
  /** Whether it lets the reporter send more media. */
  asks: boolean;
}

interface Attempt extends Reply {
  key: string;
  /** The messages that were there before it. */
  known: ReadonlySet<string>;
}

type Written = Pick<Message, 'id' | 'from' | 'text'>;

/** One for each report, in the memory of this page: it outlives the look at another report. */
export class Attempts {
  private readonly open = new Map<string, Attempt>();

  /**
   * Return the key with which a reply is sent: that of the same reply when it had no answer. The API
   * writes what comes with one key once, however much was written by others meanwhile.
   */
  begin(reportId: string, { text, asks }: Reply, messages: readonly Written[]): string {
    const before = this.open.get(reportId);
    if (before?.text === text && before.asks === asks) return before.key;
    const known = new Set(messages.map(({ id }) => id));
    const key = crypto.randomUUID();
    this.open.set(reportId, { text, asks, key, known });
    return key;
  }

  /** Return the text of the reply that had no answer when it is among the messages; else null. */
  arrived(reportId: string, messages: readonly Written[]): string | null {
    const attempt = this.open.get(reportId);
    const isThere = messages.some(
      ({ id, from, text }) => from === 'officer' && text === attempt?.text && !attempt.known.has(id),
    );
    return attempt && isThere ? attempt.text : null;
  }

  /** Forget it: the reply is written, and the same words may be sent anew. */
  done(reportId: string): void {
    this.open.delete(reportId);
  }
}

/** Idempotency keys: one for each thing that is sent, however often it is sent. */

/** Keeps the key of a body until that was accepted; another body has another key. */
export class Keys {
  private body = '';
  private key = '';

  /** Return the key to send with a body. */
  for(body: string): string {
    if (body !== this.body || this.key === '') {
      this.body = body;
      this.key = crypto.randomUUID();
    }
    return this.key;
  }

  /** Forget the key: what was sent is written, and the same text may be sent anew. */
  done(): void {
    this.key = '';
  }
}

/** What an officer looks for: in memory, since a number is not for the browser's history. */
export class SearchState {
  readonly text = signal('');
}
