/** Keeps entries and files in IndexedDB. */

import { abort, result } from '../request.ts';
import { restore, type Kept } from './kept.ts';
import type { Change, Store } from './store.ts';
import { randomUuid } from './uuid.ts';

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

  async add(kept: Kept, files: readonly Blob[]): Promise<Kept> {
    await this.#within([ENTRIES, FILES], async (transaction) => {
      await result(transaction.objectStore(ENTRIES).add(kept));
      for (const [place, file] of files.entries()) {
        await result(transaction.objectStore(FILES).put(file, [kept.id, place]));
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
      for (const [place, { state }] of kept.files.entries()) {
        if (state !== 'waiting') await result(transaction.objectStore(FILES).delete([id, place]));
      }
      return kept;
    });
  }

  file(id: string, place: number): Promise<Blob | undefined> {
    return this.#within([FILES], (transaction) =>
      result<Blob | undefined>(transaction.objectStore(FILES).get([id, place])),
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
