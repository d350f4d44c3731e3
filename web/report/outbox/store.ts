/** Where entries and their files are kept. */

import { IndexedStore } from './indexed.ts';
import type { Kept } from './kept.ts';

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
): Promise<{ store: Store; durable: boolean }> {
  try {
    if (factory) {
      const indexed = new IndexedStore(factory);
      await indexed.probe();
      await indexed.all();
      return { store: new RoomyStore(indexed), durable: true };
    }
  } catch {
    // A private window, or a setting that forbids it.
  }
  return { store: new MemoryStore(), durable: false };
}

function withoutRoom(kept: Kept): Kept {
  return { ...kept, files: kept.files.map((file) => ({ ...file, kept: false })) };
}
