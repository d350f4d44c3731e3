/**
 * The outbox of a resident's browser: what a person has written is never lost.
 *
 * It is kept before anything is sent, and sent by the page, by one page at a time. Texts go first;
 * the reduced pictures of all photos follow, then the files, one after the other. docs/mobile.md has the rules, examples/outbox.py the same in
 * Python.
 */

import { signal, type ReadonlySignal } from '@preact/signals-core';

import { prove } from '../proof.ts';
import { type Reduce, reducedSoon } from '../reduced.ts';
import { BrowserNetwork } from './browser.ts';
import { browserClock, type Clock } from './clock.ts';
import { createReport, sendText } from './creation.ts';
import { prepareAddition, prepareReport, prepareText, type Prepared, type Preparing } from './drafts.ts';
import {
  isDelivered,
  isOver,
  isReducedDue,
  isSettled,
  isToSend,
  isUnsent,
  type Kept,
  needsUpdate,
  restore,
  takenUp,
  updateFirst,
  waitsForUpdate,
  withFile,
} from './kept.ts';
import { Lane, type Moment, Stopped, type Work } from './work.ts';
import { SHIPPED, type SendingLimits } from './limits.ts';
import { Later, Refused, type Network } from './network.ts';
import type { Prove } from './proofs.ts';
import { Retries, SHORTEST_PAUSE_MS } from './retries.ts';
import { openStore, type Change, type Store } from './store.ts';
import type {
  Draft,
  Entry,
  ExistingReport,
  Keep,
  KeptDraft,
  Outbox,
  Problem,
  ReportBody,
  TextFor,
} from './types.ts';
import { sendFile, sendReduced } from './uploads.ts';
import { randomUuid } from './uuid.ts';
import { viewOf } from './views.ts';

const NAME = 'tipline-outbox';

export interface Deps {
  /** The language of the API's sentences; any, when it is left out. */
  readonly language?: () => string;
  /** The API's address without a slash at its end; that of the page when it is left out. */
  readonly api?: string;
  /** What the service takes, if the catalogue has been read. */
  readonly limits?: () => SendingLimits | undefined;
  /**
   * Whether this app is too old (`isOlder`). It sends all the same: a report comes first. What it is
   * refused then, waits for a newer app, which sends it again.
   */
  readonly isOld?: () => boolean;
  readonly network?: Network;
  /** Where entries are kept; in the browser's database when it is left out. */
  readonly store?: Store;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly prove?: Prove;
  readonly reduce?: Reduce;
  /** What the browser has of these; null if it has none. */
  readonly indexedDB?: IDBFactory | null;
  readonly locks?: LockManager | null;
  readonly channel?: BroadcastChannel | null;
  /** What fires `online` and `visibilitychange`. */
  readonly window?: EventTarget | null;
  readonly document?: (EventTarget & { readonly visibilityState?: string }) | null;
}

/** Open the outbox, and begin to send what waits in it. */
export async function openOutbox(deps: Deps): Promise<Outbox> {
  const factory = deps.indexedDB === undefined ? databases() : deps.indexedDB;
  const store = deps.store ?? (await openStore(factory, deps.clock ?? browserClock));
  const outbox = new PageOutbox(deps, store);
  try {
    await outbox.load();
    await outbox.takeUp();
  } catch (error) {
    outbox.close();
    throw error;
  }
  void outbox.send();
  return outbox;
}

class PageOutbox implements Outbox {
  readonly durable: boolean;
  readonly arrived = signal<readonly string[]>([]);
  readonly #entries = signal<readonly Entry[]>([]);
  readonly #store: Store;
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #retries: Retries;
  readonly #prove: Prove;
  readonly #limits: () => SendingLimits;
  readonly #isOld: () => boolean;
  readonly #reduce: Reduce;
  readonly #locks: LockManager | null;
  readonly #channel: BroadcastChannel | null;
  readonly #kept = new Map<string, Kept>();
  readonly #moments = new Map<string, Moment>();
  readonly #steps = new Map<AbortController, string>();
  readonly #texts = new Lane(() => this.#sendTexts());
  readonly #files = new Lane(() => this.#sendFiles());
  readonly #unlisten: (() => void)[] = [];
  #sending: Promise<void> | null = null;
  #wanted = false;
  #changes = 0;
  #isSender = false;
  #stopTimer = () => {};
  #closed = false;

  constructor(deps: Deps, store: Store) {
    this.durable = store.durable;
    this.#store = store;
    const language = deps.language ?? (() => '*');
    this.#network = deps.network ?? new BrowserNetwork(deps.api ?? '', language);
    this.#clock = deps.clock ?? browserClock;
    this.#retries = new Retries(this.#clock, deps.random ?? Math.random);
    this.#prove = deps.prove ?? prove;
    this.#reduce = deps.reduce ?? reducedSoon;
    this.#limits = () => deps.limits?.() ?? SHIPPED;
    this.#isOld = deps.isOld ?? (() => false);
    this.#locks = deps.locks === undefined ? (globalThis.navigator?.locks ?? null) : deps.locks;
    this.#channel = deps.channel === undefined ? openChannel() : deps.channel;
    const page = deps.window === undefined ? (globalThis.window ?? null) : deps.window;
    const document = deps.document === undefined ? (globalThis.document ?? null) : deps.document;
    this.#listen(page, 'online', () => void this.send());
    this.#listen(document, 'visibilitychange', () => {
      if (document?.visibilityState !== 'hidden') void this.send();
    });
    this.#listen(this.#channel, 'message', () => void this.#reload());
  }

  get entries(): ReadonlySignal<readonly Entry[]> {
    return this.#entries;
  }

  async load(): Promise<void> {
    let [all, changes]: [Kept[], number] = [[], -1];
    // What is read while a step goes on may be older than what the step has written.
    while (changes !== this.#changes) {
      changes = this.#changes;
      all = await this.#store.all();
    }
    this.#kept.clear();
    for (const kept of all) this.#kept.set(kept.id, kept);
    // What another page has erased is not sent any further.
    for (const [stop, id] of this.#steps) if (!this.#kept.has(id)) stop.abort();
    this.#publish();
  }

  /** Let what an older app was refused be sent again. */
  async takeUp(): Promise<void> {
    if (this.#isOld()) return;
    for (const { id } of [...this.#kept.values()].filter(needsUpdate)) {
      const kept = await this.#store.update(id, takenUp);
      if (kept) this.#changed(kept);
    }
  }

  async add(draft: Draft): Promise<Entry> {
    return await this.#keep(await prepareReport(draft, this.#preparing, this.#clock.now()));
  }

  async addFiles(report: ExistingReport, files: readonly File[], keep?: Keep): Promise<Entry> {
    return await this.#keep(
      await prepareAddition(report, files, keep, this.#preparing, this.#clock.now()),
    );
  }

  async addText(
    report: ExistingReport,
    to: TextFor,
    words: string,
    key = randomUuid(),
  ): Promise<Entry> {
    const here = [...this.#kept.values()].find((kept) => kept.key === key);
    if (here) return this.#view(here);
    return await this.#keep(prepareText(report, { to, words }, key, this.#clock.now()));
  }

  send(): Promise<void> {
    this.#retries.hurry();
    return this.#send();
  }

  #send(): Promise<void> {
    if (this.#isSender) this.#run();
    else this.#wanted = true;
    this.#sending ??= this.#sendWanted().finally(() => {
      this.#sending = null;
      this.#wait();
    });
    return this.#sending;
  }

  async erase(id: string): Promise<void> {
    this.#abort(id);
    await this.#store.remove(id);
    this.#forget(id);
    this.#tell();
  }

  async confirmReceipt(id: string): Promise<void> {
    const kept = await this.#store.update(id, (kept) =>
      // Nobody has a receipt that has not come yet.
      kept.report ? { ...kept, confirmed: true } : kept,
    );
    // Now the person has also seen which files could not be sent.
    if (kept?.confirmed && isOver(kept)) return await this.erase(id);
    if (kept) this.#changed(kept);
    this.#tell();
  }

  async leave(keep: (entries: readonly unknown[]) => Promise<void>): Promise<void> {
    await this.load();
    await keep([...this.#kept.values()].filter(({ left }) => !left));
    for (const id of [...this.#kept.keys()]) {
      const kept = await this.#store.update(id, (kept) => ({ ...kept, left: true }));
      if (kept && isOver(kept)) await this.erase(id);
      else if (kept) this.#changed(kept);
    }
    this.#tell();
  }

  async comeBack(entries: readonly unknown[]): Promise<void> {
    for (const entry of entries.map(restore)) {
      if (!entry) continue;
      const here = await this.#store.update(entry.id, (kept) => ({ ...kept, left: false }));
      // What has arrived meanwhile has the same receipt when it is sent once more.
      const files = entry.files.filter(({ state }) => state !== 'waiting');
      this.#changed(here ?? (await this.#store.add({ ...entry, files }, new Map())));
    }
    this.#tell();
    void this.#send();
  }

  async draftOf(id: string): Promise<KeptDraft | undefined> {
    const kept = this.#kept.get(id);
    if (!kept?.body) return undefined;
    const { media: _, ...report } = JSON.parse(kept.body) as ReportBody & { media?: unknown };
    const [files, uncut]: [File[], File[]] = [[], []];
    for (const [place, kind] of kept.files.entries()) {
      const blob = await this.#store.file(id, place);
      if (!blob) continue;
      const file = new File([blob], kind.name, { type: kind.type });
      files.push(file);
      if (kind.uncut) uncut.push(file);
    }
    // The others are cut already: what was to stay is all that is left.
    return { report, files, keep: { place: true, time: true, uncut } };
  }

  async bodyOf(id: string): Promise<string | undefined> {
    return this.#kept.get(id)?.body || undefined;
  }

  close(): void {
    this.#closed = true;
    this.#stopTimer();
    for (const unlisten of this.#unlisten) unlisten();
    for (const stop of this.#steps.keys()) stop.abort();
    this.#channel?.close();
    this.#store.close?.();
  }

  get #preparing(): Preparing {
    return { limits: this.#limits(), reduce: this.#reduce };
  }

  async #keep({ kept, blobs }: Prepared): Promise<Entry> {
    if (this.#closed) throw new Error('the outbox is closed');
    const stored = await this.#store.add(kept, blobs);
    this.#changed(stored);
    this.#tell();
    void this.#send();
    return this.#view(stored);
  }

  async #sendWanted(): Promise<void> {
    while (this.#wanted && !this.#closed) {
      this.#wanted = false;
      try {
        await this.#sendUnderLock();
        this.#retries.moved(NAME);
      } catch {
        this.#retries.failed(NAME, 0); // what is kept could not be read
      }
    }
  }

  /** Send while no other page does. A browser without locks sends at once: all may be repeated. */
  async #sendUnderLock(): Promise<void> {
    try {
      if (!this.#locks) return await this.#sendLatest();
      await this.#locks.request(NAME, () => this.#sendLatest());
    } catch (error) {
      if (!isDenied(error)) throw error;
      await this.#sendLatest();
    }
  }

  /** Send what is kept now: another page may have erased or sent some of it. */
  async #sendLatest(): Promise<void> {
    await this.load();
    await this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    this.#isSender = true;
    try {
      this.#run();
      for (;;) {
        const running = [this.#texts.running, this.#files.running].filter((lane) => lane !== null);
        if (!running.length || this.#closed) return;
        await Promise.all(running);
      }
    } finally {
      this.#isSender = false;
    }
  }

  #run(): void {
    void this.#texts.run();
    void this.#files.run();
  }

  async #sendTexts(): Promise<void> {
    const behind = new Set<string>();
    for (const id of [...this.#kept.keys()]) {
      const kept = this.#kept.get(id);
      if (!kept || !isUnsent(kept) || this.#closed) continue;
      const { report } = kept;
      // Of one report, what was written first arrives first.
      if (report && behind.has(report.id)) continue;
      if (this.#retries.isDue(id)) await this.#step(id, id, (work) => this.#sendText(work));
      const still = this.#kept.get(id);
      if (report && still && isUnsent(still)) behind.add(report.id);
    }
  }

  async #sendText(work: Work): Promise<void> {
    const { id, text } = work.entry();
    if (!text) return await createReport(work, this.#clock);
    await sendText(work);
    // Its words and the receipt are for nothing else, so nobody is asked. If this is never done, the
    // text is sent again, and stored once.
    this.arrived.value = [...this.arrived.value, id];
    await this.erase(id);
  }

  async #sendFiles(): Promise<void> {
    for (;;) {
      const next = this.#nextFile();
      if (!next || this.#closed) return;
      const { id, place, name, isReduced } = next;
      await this.#step(id, name, async (work) => {
        if (isReduced) return await sendReduced(work, place);
        const sent = await this.#outcomeOf(sendFile(work, place));
        // Without locks another page may have sent it meanwhile.
        await work.save((kept) =>
          kept.files[place]?.state === 'waiting' ? withFile(kept, place, sent) : kept,
        );
      });
    }
  }

  async #outcomeOf(sending: Promise<void>): Promise<Partial<Kept['files'][number]>> {
    try {
      await sending;
      return { state: 'sent' };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const problem = this.#why(error);
      return { state: waitsForUpdate({ problem }) ? 'waiting' : 'refused', problem };
    }
  }

  /** A file that is gone from the phone is, whatever the app. */
  #why({ problem }: Refused): Problem {
    return this.#isOld() && problem.status ? updateFirst(problem) : problem;
  }

  /** Return what goes next: the reduced pictures of all reports before any whole file. */
  #nextFile(): NextFile | undefined {
    for (const isReduced of [true, false]) {
      for (const [id, kept] of this.#kept) {
        if (!kept.report) continue;
        for (const [place, file] of kept.files.entries()) {
          const name = nameOf(id, place, isReduced);
          const isWanted = isReduced ? isReducedDue(file) : isToSend(file);
          if (isWanted && this.#retries.isDue(name)) return { id, place, name, isReduced };
        }
      }
    }
    return undefined;
  }

  /** Do one step of an entry, and note what became of it. `name` is what is tried again later. */
  async #step(id: string, name: string, step: (work: Work) => Promise<void>): Promise<void> {
    const stop = new AbortController();
    this.#steps.set(stop, id);
    try {
      await step(this.#workOf(id, name, stop.signal));
      this.#retries.moved(name);
    } catch (error) {
      await this.#note(id, name, error);
    } finally {
      this.#steps.delete(stop);
      this.#moments.delete(id);
      await this.#finish(id);
    }
  }

  async #note(id: string, name: string, error: unknown): Promise<void> {
    if (this.#closed || !this.#kept.has(id)) return;
    if (error instanceof Refused) {
      const problem = this.#why(error);
      this.#retries.moved(name);
      const kept = await this.#store.update(id, (kept) => ({ ...kept, problem }));
      if (kept) this.#changed(kept);
      return;
    }
    // Whatever else goes wrong is tried again: nothing is given up because of our own mistake.
    this.#retries.failed(name, error instanceof Later ? error.afterMs : 0);
  }

  /** Delete an entry of which the person has the receipt, once everything has arrived. */
  async #finish(id: string): Promise<void> {
    const kept = this.#kept.get(id);
    const isDone = kept?.left ? isOver(kept) : kept?.confirmed && isDelivered(kept);
    if (isDone) await this.erase(id);
    else this.#publish();
    this.#tell();
  }

  #workOf(id: string, name: string, signal: AbortSignal): Work {
    const entry = (): Kept => {
      const kept = this.#kept.get(id);
      if (!kept || signal.aborted) throw new Stopped();
      return kept;
    };
    const save = async (change: Change): Promise<Kept> => {
      if (signal.aborted) throw new Stopped();
      const kept = await this.#store.update(id, change);
      if (!kept) {
        this.#forget(id); // another page has erased it
        throw new Stopped();
      }
      this.#changed(kept);
      // The files need not wait for what else is done for the report.
      if (kept.report) void this.#files.run();
      return entry();
    };
    return {
      network: this.#network,
      limits: this.#limits(),
      prove: this.#prove,
      signal,
      entry,
      save,
      noteAttempt: async () => {
        if (entry().attempted || this.#network.isOffline()) return;
        await save((kept) => ({ ...kept, attempted: true }));
      },
      show: (moment) => {
        this.#moments.set(id, moment);
        this.#publish();
      },
      moved: () => this.#retries.moved(name),
      file: (slot) => this.#store.file(id, slot),
    };
  }

  /** Come back when the first of what failed is due. */
  #wait(): void {
    this.#stopTimer();
    if (this.#closed) return;
    const at = this.#retries.next([NAME, ...[...this.#kept.values()].flatMap(namesOf)]);
    if (at === undefined) return;
    // Whatever was due and is not sent all the same is not tried without a pause.
    const pause = Math.max(SHORTEST_PAUSE_MS, at - this.#clock.now());
    this.#stopTimer = this.#clock.after(pause, () => void this.#send());
  }

  async #reload(): Promise<void> {
    await this.load();
    if (this.#isSender) void this.#send();
  }

  #abort(id: string): void {
    for (const [stop, of] of this.#steps) if (of === id) stop.abort();
  }

  #changed(kept: Kept): void {
    this.#changes += 1;
    this.#kept.set(kept.id, kept);
    this.#publish();
  }

  #forget(id: string): void {
    this.#abort(id);
    this.#changes += 1;
    this.#kept.delete(id);
    this.#moments.delete(id);
    this.#publish();
  }

  #publish(): void {
    const shown = [...this.#kept.values()].filter(({ left }) => !left);
    this.#entries.value = shown.map((kept) => this.#view(kept));
  }

  #view(kept: Kept): Entry {
    const retryAt = this.#retries.next(namesOf(kept));
    return viewOf(kept, this.#moments.get(kept.id) ?? {}, retryAt);
  }

  #tell(): void {
    if (!this.#closed) this.#channel?.postMessage('changed');
  }

  #listen(target: EventTarget | null, event: string, heard: () => void): void {
    target?.addEventListener(event, heard);
    this.#unlisten.push(() => target?.removeEventListener(event, heard));
  }
}

/** Return the names of what is still to be sent of an entry. */
function namesOf(kept: Kept): string[] {
  if (isUnsent(kept)) return [kept.id];
  if (isSettled(kept)) return [];
  return kept.files.flatMap((file, place) => [
    ...(isReducedDue(file) ? [nameOf(kept.id, place, true)] : []),
    ...(isToSend(file) ? [nameOf(kept.id, place, false)] : []),
  ]);
}

interface NextFile {
  readonly id: string;
  readonly place: number;
  readonly name: string;
  readonly isReduced: boolean;
}

function nameOf(id: string, place: number, isReduced: boolean): string {
  return `${id}/${place}${isReduced ? '/reduced' : ''}`;
}

function databases(): IDBFactory | null {
  try {
    return globalThis.indexedDB ?? null;
  } catch {
    return null; // some browsers throw where it is forbidden
  }
}

function openChannel(): BroadcastChannel | null {
  return typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(NAME);
}

function isDenied(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'SecurityError';
}
