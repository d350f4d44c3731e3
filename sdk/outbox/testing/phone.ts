/** A phone whose browser can be killed at any step, and opened again. */

import { IDBFactory } from 'fake-indexeddb';
import { test as base } from 'vitest';

import { SHIPPED, type SendingLimits } from '../limits.ts';
import type { Network } from '../network.ts';
import { openOutbox, type Deps } from '../outbox.ts';
import type { Outbox } from '../types.ts';
import { FakeClock } from './clock.ts';
import { FakeServer } from './server.ts';

/** What each photo is reduced to. */
export const REDUCED = new Blob(['reduced']);
const LIMITS: SendingLimits = { ...SHIPPED, postMaxBytes: 100, partsPerCall: 2 };
const QUIET_TURNS = 40;
const MOST_TURNS = 20_000;

export class Phone {
  readonly server = new FakeServer();
  readonly clock = new FakeClock();
  readonly disk = new IDBFactory();
  readonly window = new EventTarget();
  /** The pauses that were waited for, in milliseconds. */
  readonly pauses: number[] = [];
  /** When the page that was opened last has died. */
  dead: Promise<void> = new Promise(() => {});
  #lives: Life[] = [];

  /** Open the page. It is killed at step `death`: a call, an upload or a step of its database. */
  open(death = Infinity, more: Partial<Deps> = {}): Promise<Outbox> {
    const life = new Life(death);
    this.#lives.push(life);
    this.dead = life.ended;
    return openOutbox({
      language: () => 'en',
      limits: () => LIMITS,
      network: life.network(this.server),
      clock: life.clock(this.clock),
      random: () => 1,
      prove: async ({ challenge }, key) => `${challenge}:proof-for-${key}`,
      reduce: async ({ type }) => (type === 'image/jpeg' ? REDUCED : null),
      indexedDB: life.factory(this.disk),
      locks: null,
      channel: null,
      window: this.window,
      document: null,
      ...more,
    });
  }

  /** Let things happen until something holds, or nothing happens any more. */
  async until(holds: () => boolean): Promise<void> {
    let quiet = 0;
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      if (holds()) return;
      const steps = this.#steps();
      await new Promise((resolve) => setImmediate(resolve));
      quiet = this.#steps() === steps ? quiet + 1 : 0;
      if (quiet < QUIET_TURNS) continue;
      const passed = this.clock.skip();
      if (passed === undefined) return;
      this.pauses.push(passed);
      quiet = 0;
    }
    throw new Error('it goes on for ever');
  }

  /** How much has happened so far. */
  #steps(): number {
    return this.#lives.reduce((sum, { steps }) => sum + steps, this.server.calls.length);
  }
}

/** A test with a phone, and the outbox of its page if it is asked for. */
export const test = base.extend<{ phone: Phone; outbox: Outbox }>({
  // biome-ignore lint/correctness/noEmptyPattern: the runner reads what a fixture asks for from it.
  phone: ({}, use) => use(new Phone()),
  outbox: async ({ phone }, use) => use(await phone.open()),
});

/** The life of one process: after its death nothing of it has any effect. */
class Life {
  readonly ended: Promise<void>;
  steps = 0;
  #left: number;
  #end = () => {};

  constructor(steps: number) {
    this.#left = steps;
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  clock(clock: FakeClock) {
    return {
      now: () => clock.now(),
      after: (ms: number, run: () => void) => clock.after(ms, () => this.#left > 0 && run()),
    };
  }

  network(server: FakeServer): Network {
    return {
      call: async (call) => await this.#survive(async () => await server.call(call)),
      isOffline: () => server.isOffline(),
      upload: async (upload) => await this.#survive(async () => await server.upload(upload)),
    };
  }

  factory(disk: IDBFactory): IDBFactory {
    return new Proxy(disk, {
      get: (target, name) =>
        name === 'open'
          ? (...args: [string, number]) => (this.#step() ? target.open(...args) : {})
          : Reflect.get(target, name),
    });
  }

  /** Die before the call, or after it took effect but before its response. */
  async #survive<T>(act: () => Promise<T>): Promise<T> {
    const never = new Promise<never>(() => {});
    if (!this.#step()) return await never;
    const result = await act().catch((error: unknown) => ({ error }) as const);
    if (!this.#step()) return await never;
    if (typeof result === 'object' && result && 'error' in result) throw result.error;
    return result as T;
  }

  #step(): boolean {
    this.steps += 1;
    this.#left -= 1;
    if (this.#left <= 0) this.#end();
    return this.#left > 0;
  }
}
