/** Where entries and their files are kept. */

import type { Clock } from './clock.ts';
import { IndexedStore } from './indexed.ts';
import type { Kept } from './kept.ts';

// Safari 14 sometimes never opens a database.
const PATIENCE_MS = 10_000;

export interface Store {
  /** All entries, oldest first. */
  all(): Promise<Kept[]>;
  /** Keep an entry and its files, all or nothing. Return the entry as it could be kept. */
  add(kept: Kept, files: readonly Blob[]): Promise<Kept>;
  /**
   * Change an entry, and delete those of its files that no longer wait. Undefined: it was erased
   * meanwhile, and stays so.
   */
  update(id: string, change: (kept: Kept) => Kept): Promise<Kept | undefined>;
  file(id: string, place: number): Promise<Blob | undefined>;
  remove(id: string): Promise<void>;
}

/** Keeps in this page's memory. */
export class MemoryStore implements Store {
  readonly #entries = new Map<string, Kept>();
  readonly #files = new Map<string, Map<number, Blob>>();

  async all(): Promise<Kept[]> {
    return [...this.#entries.values()];
  }

  async add(kept: Kept, files: readonly Blob[]): Promise<Kept> {
    const unkept = withoutRoom(kept);
    this.#entries.set(kept.id, { ...unkept, kept: false });
    this.hold(kept.id, files);
    return { ...unkept, kept: false };
  }

  /** Hold the files of an entry that is kept elsewhere. */
  hold(id: string, files: readonly Blob[]): void {
    this.#files.set(id, new Map(files.map((file, place) => [place, file])));
  }

  async update(id: string, change: (kept: Kept) => Kept): Promise<Kept | undefined> {
    const before = this.#entries.get(id);
    if (!before) return undefined;
    const kept = change(before);
    this.#entries.set(id, kept);
    this.release(kept);
    return kept;
  }

  /** Forget the files of an entry that no longer wait. */
  release(kept: Kept): void {
    kept.files.forEach(({ state }, place) => {
      if (state !== 'waiting') this.#files.get(kept.id)?.delete(place);
    });
  }

  async file(id: string, place: number): Promise<Blob | undefined> {
    return this.#files.get(id)?.get(place);
  }

  async remove(id: string): Promise<void> {
    this.#entries.delete(id);
    this.#files.delete(id);
  }
}

/**
 * Keeps in IndexedDB, and in memory what finds no room there: of an entry its files first, since the
 * text matters more.
 */
export class RoomyStore implements Store {
  readonly #indexed: Store;
  readonly #memory = new MemoryStore();

  constructor(indexed: Store) {
    this.#indexed = indexed;
  }

  async all(): Promise<Kept[]> {
    const all = [...(await this.#indexed.all()), ...(await this.#memory.all())];
    return all.sort((one, other) => one.createdAt - other.createdAt);
  }

  async add(kept: Kept, files: readonly Blob[]): Promise<Kept> {
    try {
      return await this.#indexed.add(kept, files);
    } catch {
      // No room, or a browser that keeps no files.
    }
    try {
      const textAlone = await this.#indexed.add(withoutRoom(kept), []);
      this.#memory.hold(kept.id, files);
      return textAlone;
    } catch {
      return await this.#memory.add(kept, files);
    }
  }

  async update(id: string, change: (kept: Kept) => Kept): Promise<Kept | undefined> {
    const kept = await this.#indexed.update(id, change);
    if (kept) this.#memory.release(kept);
    return kept ?? (await this.#memory.update(id, change));
  }

  async file(id: string, place: number): Promise<Blob | undefined> {
    return (await this.#memory.file(id, place)) ?? (await this.#indexed.file(id, place));
  }

  async remove(id: string): Promise<void> {
    await this.#memory.remove(id);
    await this.#indexed.remove(id);
  }
}

/** Open what this browser has to keep entries, and say whether they outlive the page. */
export async function openStore(
  factory: IDBFactory | null,
  clock: Clock,
): Promise<{ store: Store; durable: boolean }> {
  const indexed = factory && (await working(new IndexedStore(factory), clock));
  return indexed
    ? { store: new RoomyStore(indexed), durable: true }
    : { store: new MemoryStore(), durable: false };
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
