/**
 * What a person keeps under a word, encrypted, while the page shows nothing of it. There is one row, of
 * one size, on each phone that has opened the page: whether something is in it shows only to the word.
 */
import { result } from '../../sdk/request.ts';

const NAME = 'tipline-safe';
const STORE = 'safe';
const ROW = 'safe';

/** How much it holds: words, and a photo or two. */
const ROOM = 4 << 20;
/** A guess takes a phone a second, and a fast machine a thousandth of one. */
const ROUNDS = 600_000;
/** Behind the size of the index, which is a number of four bytes. */
const HEAD = 4;

interface Row {
  readonly salt: Uint8Array<ArrayBuffer>;
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly sealed: ArrayBuffer;
}

/** Leave on the phone what each visit leaves: a row with nothing in it, unless there is one. */
export async function prepare(): Promise<void> {
  // Each visit asks, so the row is not read for it.
  if (await within('readonly', (store) => store.getKey(ROW))) return;
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt']);
  await seal(key, '', []);
}

/** Return the key of a word. It can be kept and used, but never read. */
export async function keyOf(word: string): Promise<CryptoKey> {
  await prepare();
  const { salt } = (await read()) as Row;
  const bytes = new TextEncoder().encode(word.normalize('NFKC').trim().toLowerCase());
  const typed = await crypto.subtle.importKey('raw', bytes, 'PBKDF2', false, ['deriveKey']);
  return crypto.subtle.deriveKey(
    { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: ROUNDS },
    typed,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  );
}

/** Return how many of some files find room, the first ones first. */
export function fitting(index: string, files: readonly Blob[]): number {
  let left = ROOM - HEAD - new TextEncoder().encode(index).length;
  const past = files.findIndex(({ size }) => {
    left -= size;
    return left < 0;
  });
  return past < 0 ? files.length : past;
}

/** Put a text and files into the row, in place of what is there. */
export async function seal(key: CryptoKey, index: string, files: readonly Blob[]): Promise<void> {
  const before = await read();
  const text = new TextEncoder().encode(index);
  const content = new Uint8Array(ROOM);
  new DataView(content.buffer).setUint32(0, text.length);
  content.set(text, HEAD);
  let at = HEAD + text.length;
  for (const file of files) {
    content.set(new Uint8Array(await file.arrayBuffer()), at);
    at += file.size;
  }
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, content);
  const salt = before?.salt ?? crypto.getRandomValues(new Uint8Array(16));
  const row: Row = { salt, iv, sealed };
  await within('readwrite', (store) => store.put(row, ROW));
}

/** Return the text in the row, and the bytes behind it. Null: the word is another, or nothing is in it. */
export async function unseal(key: CryptoKey): Promise<readonly [string, ArrayBuffer] | null> {
  const row = await read();
  if (!row) return null;
  try {
    const content = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: row.iv }, key, row.sealed);
    const end = HEAD + new DataView(content).getUint32(0);
    return [new TextDecoder().decode(content.slice(HEAD, end)), content.slice(end)];
  } catch {
    return null;
  }
}

function read(): Promise<Row | undefined> {
  return within('readonly', (store) => store.get(ROW) as IDBRequest<Row | undefined>);
}

async function within<T>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const opening = indexedDB.open(NAME, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await result(opening);
  try {
    const transaction = database.transaction(STORE, mode);
    const ended = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error('not written'));
    });
    const found = await result(act(transaction.objectStore(STORE)));
    await ended;
    return found;
  } finally {
    database.close();
  }
}
