/** The network of a browser. */

import { padded } from '../../shared/padding.ts';
import { Later, type Call, type Network, type Reply, type Upload } from './network.ts';

const CALL_TIMEOUT_MS = 30_000;
// A part may take minutes. What counts is whether it moves.
const STALL_MS = 60_000;

export class BrowserNetwork implements Network {
  readonly #api: string;
  readonly #language: () => string;

  constructor(api: string, language: () => string) {
    this.#api = api;
    this.#language = language;
  }

  async call({ method, path, body, headers, signal }: Call): Promise<Reply> {
    const ending = new AbortController();
    const end = () => ending.abort();
    const timer = setTimeout(end, CALL_TIMEOUT_MS);
    signal.addEventListener('abort', end);
    try {
      const response = await fetch(this.#api + path, {
        method,
        headers: {
          'Accept-Language': this.#language(),
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: padded(body) }),
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

  isOffline(): boolean {
    return navigator.onLine === false;
  }

  /** Send a file. `fetch` does not say how much of it has left. */
  upload({ method, url, body, signal, progress }: Upload): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      let timer = 0;
      const abort = () => request.abort();
      const settle = (result: () => void) => () => {
        window.clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        result();
      };
      const watch = () => {
        window.clearTimeout(timer);
        timer = window.setTimeout(abort, STALL_MS);
      };
      request.open(method, url);
      request.upload.onprogress = ({ loaded }) => {
        watch();
        progress(loaded);
      };
      request.onload = settle(() =>
        resolve({ status: request.status, body: request.responseText, retryAfter: null }),
      );
      request.onerror = settle(() => reject(new Later()));
      request.onabort = settle(() =>
        reject(signal.aborted ? new DOMException('stopped', 'AbortError') : new Later()),
      );
      if (signal.aborted) return void reject(new DOMException('stopped', 'AbortError'));
      signal.addEventListener('abort', abort);
      watch();
      request.send(body);
    });
  }
}
