/** The network by `fetch` alone, as programs outside a browser have it. */

import { padded } from '../padding.ts';
import { Later, type Call, type Network, type Reply, type Upload } from './network.ts';

const CALL_TIMEOUT_MS = 30_000;
/** Slower than this, in bytes a millisecond, nothing moves any more. */
const SLOWEST = 4;

export class FetchNetwork implements Network {
  readonly #api: string;
  readonly #language: () => string;
  readonly #fetch: typeof fetch;

  constructor(api: string, language: () => string, fetch = globalThis.fetch) {
    this.#api = api;
    this.#language = language;
    // A browser's own refuses to be called as a method.
    this.#fetch = (...request) => fetch(...request);
  }

  async call({ method, path, body, headers, signal }: Call): Promise<Reply> {
    const content = body === undefined ? {} : { body: padded(body) };
    const type = body === undefined ? {} : { 'Content-Type': 'application/json' };
    const said = { 'Accept-Language': this.#language(), ...type, ...headers };
    const request = { method, headers: said, ...content };
    return await this.#send(this.#api + path, request, signal, CALL_TIMEOUT_MS);
  }

  isOffline(): boolean {
    return globalThis.navigator?.onLine === false;
  }

  /** Send a file. `fetch` does not say how much of it has left. */
  async upload({ method, url, body, signal, progress }: Upload): Promise<Reply> {
    const file = body instanceof FormData ? (body.get('file') as Blob) : body;
    const patience = CALL_TIMEOUT_MS + file.size / SLOWEST;
    const reply = await this.#send(url, { method, body }, signal, patience);
    progress(file.size);
    return reply;
  }

  async #send(url: string, request: RequestInit, signal: AbortSignal, ms: number): Promise<Reply> {
    const ending = new AbortController();
    const end = () => ending.abort();
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    try {
      const response = await this.#fetch(url, {
        ...request,
        cache: 'no-store',
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
        signal: ending.signal,
      });
      const retryAfter = response.headers.get('Retry-After');
      return { status: response.status, body: await response.text(), retryAfter };
    } catch (error) {
      throw signal.aborted ? error : new Later();
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
    }
  }
}
