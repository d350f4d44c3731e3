/** Replies whose answer has not come: each may have arrived, and is not to arrive twice. */

import type { Message } from '../types.ts';

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
