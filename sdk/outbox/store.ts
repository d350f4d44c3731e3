/** Where entries and their files are kept. */

import { abort, result } from '../request.ts';
import type { Clock } from './clock.ts';
import { doneSlots, type Kept, restore, type Slot } from './kept.ts';
import { randomUuid } from './uuid.ts';

// Safari 14 sometimes never opens a database.
const PATIENCE_MS = 10_000;

/** A change of an entry. It may be done twice, and by then the entry may be another page's. */
export type Change = (kept: Kept) => Kept;

export type Files = ReadonlyMap<Slot, Blob>;

export interface Store {
  /** Whether entries outlive this page or program. */
  readonly durable: boolean;
  /** All entries, oldest first. */
  all(): Promise<Kept[]>;
  /** Keep an entry and its files, all or nothing. Return the entry as it could be kept. */
  add(kept: Kept, files: Files): Promise<Kept>;
  /**
   * Change an entry, and delete those of its files that no longer wait. Undefined: it was erased
   * meanwhile, and stays so.
   */
  update(id: string, change: Change): Promise<Kept | undefined>;
  file(id: string, slot: Slot): Promise<Blob | undefined>;
  remove(id: string): Promise<void>;
  /** Nothing is asked of it any more. */
  close?(): void;
}

/** Keeps in this page's memory. */
export class MemoryStore implements Store {
  readonly durable = false;
  readonly #entries = new Map<string, Kept>();
  readonly #files = new Map<string, Map<Slot, Blob>>();

  async all(): Promise<Kept[]> {
    return [...this.#entries.values()];
  }

  async add(kept: Kept, files: Files): Promise<Kept> {
    this.hold(kept.id, files);
    return this.take(kept);
  }

  /** Take over an entry that was kept elsewhere. */
  take(kept: Kept): Kept {
    const unkept = { ...withoutRoom(kept), kept: false };
    this.#entries.set(kept.id, unkept);
    return unkept;
  }

  /** Hold the files of an entry that is kept elsewhere. */
  hold(id: string, files: Files): void {
    this.#files.set(id, new Map(files));
  }

  async update(id: string, change: Change): Promise<Kept | undefined> {
    const before = this.#entries.get(id);
    if (!before) return undefined;
    const kept = change(before);
    this.#entries.set(id, kept);
    this.release(kept);
    return kept;
  }

  /** Forget the files of an entry that no longer wait. */
  release(kept: Kept): void {
    for (const slot of doneSlots(kept)) this.#files.get(kept.id)?.delete(slot);
  }

  async file(id: string, slot: Slot): Promise<Blob | undefined> {
    return this.#files.get(id)?.get(slot);
  }

  async remove(id: string): Promise<void> {
    this.#entries.delete(id);
    this.#files.delete(id);
  }
}

/**
 * Keeps in IndexedDB, and in memory what finds no room there: of an entry its files first, since the
 * text matters more. What could not be written of an entry is held as changes of it, and done again
 * with the next one, so that what another page has written stays. When the database is deleted under
 * an open page, what it held goes on in memory.
 */
export class RoomyStore implements Store {
  readonly durable = true;
  readonly #indexed: IndexedStore;
  readonly #memory = new MemoryStore();
  /** The rows of the database as this page knows them. */
  readonly #rows = new Map<string, Kept>();
  readonly #unwritten = new Map<string, readonly Change[]>();

  constructor(indexed: IndexedStore) {
    this.#indexed = indexed;
  }

  async all(): Promise<Kept[]> {
    const rows = await this.#surviving(() => this.#indexed.all());
    this.#rows.clear();
    for (const row of rows) this.#rows.set(row.id, row);
    // What another page has erased is erased.
    for (const id of this.#unwritten.keys()) if (!this.#rows.has(id)) this.#unwritten.delete(id);
    const all = [...rows.map((row) => this.#latest(row)), ...(await this.#memory.all())];
    return all.sort((one, other) => one.createdAt - other.createdAt);
  }

  async add(kept: Kept, files: Files): Promise<Kept> {
    try {
      return await this.#addRow(kept, files);
    } catch {
      // No room, or a browser that keeps no files.
    }
    try {
      const textAlone = await this.#addRow(withoutRoom(kept), new Map());
      this.#memory.hold(kept.id, files);
      return textAlone;
    } catch {
      return await this.#memory.add(kept, files);
    }
  }

  async update(id: string, change: Change): Promise<Kept | undefined> {
    const kept = await this.#surviving(() => this.#updateRow(id, change));
    if (kept) this.#memory.release(kept);
    return kept ?? (await this.#memory.update(id, change));
  }

  async file(id: string, slot: Slot): Promise<Blob | undefined> {
    const held = await this.#memory.file(id, slot);
    return held ?? (await this.#surviving(() => this.#indexed.file(id, slot)));
  }

  async remove(id: string): Promise<void> {
    await this.#memory.remove(id);
    await this.#surviving(() => this.#indexed.remove(id));
    // It may have gone on in memory just now.
    await this.#memory.remove(id);
    this.#rows.delete(id);
    this.#unwritten.delete(id);
  }

  async #addRow(kept: Kept, files: Files): Promise<Kept> {
    const row = await this.#surviving(() => this.#indexed.add(kept, files));
    this.#rows.set(row.id, row);
    return row;
  }

  async #updateRow(id: string, change: Change): Promise<Kept | undefined> {
    const changes = [...(this.#unwritten.get(id) ?? []), change];
    try {
      const row = await this.#indexed.update(id, (before) => changed(before, changes));
      this.#unwritten.delete(id);
      if (row) this.#rows.set(id, row);
      else this.#rows.delete(id);
      return row;
    } catch (error) {
      const row = this.#rows.get(id);
      if (error instanceof Lost || !row) throw error;
      this.#unwritten.set(id, changes);
      return this.#latest(row);
    }
  }

  #latest(row: Kept): Kept {
    const changes = this.#unwritten.get(row.id);
    return changes ? { ...changed(row, changes), unwritten: true } : row;
  }

  /** Do something with the database; if it was deleted, after all has been taken into memory. */
  async #surviving<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
    }
    for (const row of this.#rows.values()) this.#memory.take(this.#latest(row));
    this.#rows.clear();
    this.#unwritten.clear();
    await this.#indexed.probe();
    return await act();
  }
}

function changed(kept: Kept, changes: readonly Change[]): Kept {
  return changes.reduce((latest, change) => change(latest), kept);
}

/** Open what this browser has to keep entries. */
export async function openStore(factory: IDBFactory | null, clock: Clock): Promise<Store> {
  const indexed = factory && (await working(new IndexedStore(factory), clock));
  return indexed ? new RoomyStore(indexed) : new MemoryStore();
}

/** Return a store that can keep an entry and its files; null if it cannot, or does not respond. */
async function working(indexed: IndexedStore, clock: Clock): Promise<IndexedStore | null> {
  let stop = () => {};
  const patience = new Promise<null>((resolve) => {
    stop = clock.after(PATIENCE_MS, () => resolve(null));
  });
  const tried = indexed.probe().then(async () => {
    await indexed.all();
    return indexed;
  });
  try {
    return await Promise.race([tried, patience]);
  } catch {
    return null; // a private window, or a setting that forbids it
  } finally {
    stop();
  }
}

function withoutRoom(kept: Kept): Kept {
  return { ...kept, files: kept.files.map((file) => ({ ...file, kept: false })) };
}

/** Keeps entries and files in IndexedDB. */
const NAME = 'tipline-outbox';
const [ENTRIES, FILES, PROBES] = ['entries', 'files', 'probes'] as const;

/** In `probes`: a mark. A database that was made in the place of this one has another. */
const BORN = 'born';

/** The database was deleted while this page was open: the phone had no room, or somebody did it. */
export class Lost extends Error {
  override readonly name = 'Lost';
}

/**
 * Each step opens the database, works in one transaction and closes it again: browsers of phones
 * lose a connection that is left open in the background.
 */
export class IndexedStore implements Store {
  readonly durable = true;
  readonly #factory: IDBFactory;
  #born: unknown;

  constructor(factory: IDBFactory) {
    this.#factory = factory;
  }

  /**
   * Take the database as it is now. Throws whatever keeps this browser from keeping anything, files
   * above all.
   */
  async probe(): Promise<void> {
    await this.#transact([PROBES], async (transaction) => {
      const probes = transaction.objectStore(PROBES);
      await result(probes.put(new Blob(['probe']), 'probe'));
      await result(probes.delete('probe'));
      this.#born = await result<unknown>(probes.get(BORN));
      if (this.#born !== undefined) return;
      this.#born = randomUuid();
      await result(probes.put(this.#born, BORN));
    });
  }

  async all(): Promise<Kept[]> {
    const all = await this.#within([ENTRIES], (transaction) =>
      result<unknown[]>(transaction.objectStore(ENTRIES).getAll()),
    );
    return all
      .map(restore)
      .filter((kept) => kept !== null)
      .sort((one, other) => one.createdAt - other.createdAt);
  }

  async add(kept: Kept, files: Files): Promise<Kept> {
    await this.#within([ENTRIES, FILES], async (transaction) => {
      await result(transaction.objectStore(ENTRIES).add(kept));
      for (const [slot, file] of files) {
        await result(transaction.objectStore(FILES).put(file, [kept.id, slot]));
      }
    });
    return kept;
  }

  update(id: string, change: Change): Promise<Kept | undefined> {
    return this.#within([ENTRIES, FILES], async (transaction) => {
      const entries = transaction.objectStore(ENTRIES);
      const found: unknown = await result(entries.get(id));
      const before = found === undefined ? null : restore(found);
      if (!before) return undefined;
      const kept = change(before);
      await result(entries.put(kept));
      for (const slot of doneSlots(kept)) {
        await result(transaction.objectStore(FILES).delete([id, slot]));
      }
      return kept;
    });
  }

  file(id: string, slot: Slot): Promise<Blob | undefined> {
    return this.#within([FILES], (transaction) =>
      result<Blob | undefined>(transaction.objectStore(FILES).get([id, slot])),
    );
  }

  async remove(id: string): Promise<void> {
    await this.#within([ENTRIES, FILES], async (transaction) => {
      await result(transaction.objectStore(ENTRIES).delete(id));
      await result(transaction.objectStore(FILES).delete(IDBKeyRange.bound([id], [id, []])));
    });
  }

  /** Run steps in one transaction. Throws Lost if the database is not the one that was probed. */
  #within<T>(stores: string[], steps: (transaction: IDBTransaction) => Promise<T>): Promise<T> {
    return this.#transact([...stores, PROBES], async (transaction) => {
      const born = await result<unknown>(transaction.objectStore(PROBES).get(BORN));
      if (born !== this.#born) throw new Lost();
      return await steps(transaction);
    });
  }

  /** It resolves when all steps are on the disk, or none. */
  async #transact<T>(
    stores: string[],
    steps: (transaction: IDBTransaction) => Promise<T>,
  ): Promise<T> {
    const database = await this.#open();
    try {
      const transaction = database.transaction(stores, 'readwrite', { durability: 'strict' });
      const ended = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error ?? new Error('aborted'));
      });
      ended.catch(() => undefined); // its error may be that of a step, which comes first
      let result: T;
      try {
        result = await steps(transaction);
      } catch (error) {
        abort(transaction);
        throw error;
      }
      await ended;
      return result;
    } finally {
      database.close();
    }
  }

  #open(): Promise<IDBDatabase> {
    const opening = this.#factory.open(NAME, 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore(ENTRIES, { keyPath: 'id' });
      opening.result.createObjectStore(FILES);
      opening.result.createObjectStore(PROBES);
    };
    return result(opening);
  }
}
