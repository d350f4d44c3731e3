/** The outbox of a program in Node.js: kept in a folder, sent by `fetch`. */

import { openAsBlob } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';

import { FetchNetwork } from './outbox/fetched.ts';
import { FileStore } from './outbox/files.ts';
import { type Deps, openOutbox as open } from './outbox/outbox.ts';
import type { Outbox } from './outbox/types.ts';

export interface NodeDeps
  extends Pick<Deps, 'language' | 'limits' | 'isOld' | 'reduce' | 'clock' | 'random'> {
  /** The API's address without a slash at its end. */
  readonly api: string;
  /** Where entries are kept. No other process may use it at the same time. */
  readonly folder: string;
  readonly fetch?: typeof fetch;
}

/** Open the outbox in a folder, and begin to send what waits in it. `close` it to let the program end. */
export async function openOutbox({ api, folder, fetch, ...deps }: NodeDeps): Promise<Outbox> {
  return await open({
    store: await FileStore.open(folder),
    network: new FetchNetwork(api, deps.language ?? (() => '*'), fetch),
    reduce: async () => null,
    locks: null,
    channel: null,
    window: null,
    document: null,
    ...deps,
  });
}

/**
 * Return a file of the disk. It is read as it is sent, and so may be large. Throws what Node.js says
 * of a path where there is none.
 */
export async function fileAt(path: string): Promise<File> {
  if (!(await stat(path)).isFile()) throw new Error(`${path} is not a file`);
  return new File([await openAsBlob(path)], basename(path));
}
