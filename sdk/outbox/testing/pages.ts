/** What the pages of one browser share: locks, and a channel. */

export class FakeLocks {
  #last: Promise<unknown> = Promise.resolve();

  request(_name: string, hold: () => Promise<unknown>): Promise<unknown> {
    const held = this.#last.then(hold);
    this.#last = held.catch(() => undefined);
    return held;
  }
}

export class FakeChannels {
  readonly #all = new Set<EventTarget>();

  open(): BroadcastChannel {
    const own = new EventTarget();
    this.#all.add(own);
    const postMessage = (data: unknown) => {
      for (const other of this.#all) {
        if (other !== own) setImmediate(() => other.dispatchEvent(new MessageEvent('message', { data })));
      }
    };
    const close = () => this.#all.delete(own);
    return Object.assign(own, { postMessage, close }) as unknown as BroadcastChannel;
  }
}
