/**
 * Keeps entries in a folder: a folder each, with `entry.json` and the files that wait. One process at
 * a time may use it. An entry is there, or changed, in the moment of a rename.
 */

import { openAsBlob } from 'node:fs';
import { mkdir, open, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';

import { doneSlots, type Kept, restore, type Slot } from './kept.ts';
import type { Change, Files, Store } from './store.ts';

const ENTRY = 'entry.json';
/** What is being made, or deleted. */
const NEW = '.new';
const WHOLE = /^[0-9a-f-]{36}$/;
const HALF = /^[0-9a-f-]{36}\.new$/;

/** The folders that this process has open. */
const inUse = new Set<string>();

export class FileStore implements Store {
  readonly durable = true;
  readonly #folder: string;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Open a folder, and delete what a process that died there has left half done. */
  static async open(given: string): Promise<FileStore> {
    await mkdir(given, { recursive: true, mode: 0o700 });
    const folder = await realpath(given);
    if (inUse.has(folder)) throw new Error(`${given} is open already: close its outbox first`);
    inUse.add(folder);
    const store = new FileStore(folder);
    try {
      for (const name of await readdir(folder)) {
        if (HALF.test(name)) await rm(join(folder, name), { recursive: true });
      }
    } catch (error) {
      store.close();
      throw error;
    }
    return store;
  }

  close(): void {
    inUse.delete(this.#folder);
  }

  async all(): Promise<Kept[]> {
    const names = (await readdir(this.#folder)).filter((name) => WHOLE.test(name));
    const entries = await Promise.all(names.map((id) => this.#read(id)));
    return entries
      .filter((kept) => kept !== null)
      .sort((one, other) => one.createdAt - other.createdAt);
  }

  async add(kept: Kept, files: Files): Promise<Kept> {
    // What is not whole has no entry at its own name.
    const draft = this.#path(`${kept.id}${NEW}`);
    await mkdir(draft, { recursive: true, mode: 0o700 });
    for (const [slot, file] of files) {
      await writeFile(join(draft, nameOf(slot)), file.stream(), PRIVATE);
    }
    await writeFile(join(draft, ENTRY), JSON.stringify(kept), PRIVATE);
    await rename(draft, this.#path(kept.id));
    await flush(this.#folder);
    return kept;
  }

  update(id: string, change: Change): Promise<Kept | undefined> {
    const updated = this.#last.then(async () => {
      const before = await this.#read(id);
      if (!before) return undefined;
      const kept = change(before);
      await writeFile(this.#path(id, 'entry.new'), JSON.stringify(kept), PRIVATE);
      await rename(this.#path(id, 'entry.new'), this.#path(id, ENTRY));
      for (const slot of doneSlots(kept)) await rm(this.#path(id, nameOf(slot)), { force: true });
      return kept;
    });
    this.#last = updated.catch(() => undefined);
    return updated;
  }

  async file(id: string, slot: Slot): Promise<Blob | undefined> {
    return await openAsBlob(this.#path(id, nameOf(slot))).catch(() => undefined);
  }

  async remove(id: string): Promise<void> {
    const gone = this.#last.then(async () => {
      await rename(this.#path(id), this.#path(`${id}${NEW}`)).catch(ignoreAbsent);
      await rm(this.#path(`${id}${NEW}`), { recursive: true, force: true });
    });
    this.#last = gone.catch(() => undefined);
    await gone;
  }

  /** Return an entry; null if there is none, or it is not whole. */
  async #read(id: string): Promise<Kept | null> {
    try {
      return restore(JSON.parse(await readFile(this.#path(id, ENTRY), 'utf8')));
    } catch (error) {
      return ignoreAbsent(error);
    }
  }

  #path(id: string, name = ''): string {
    return join(this.#folder, id, name);
  }
}

/** On the disk when it is written, and for nobody else: it has receipts. */
const PRIVATE = { flush: true, mode: 0o600 };

function ignoreAbsent(error: unknown): null {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
  throw error;
}

function nameOf(slot: Slot): string {
  return String(slot).replace(' ', '-');
}

/** Let a rename outlive a battery. Windows opens no folders, and needs no such thing. */
async function flush(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
