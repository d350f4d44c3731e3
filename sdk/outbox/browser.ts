/** The network of a browser, which says how much of a file has left. */

import { FetchNetwork } from './fetched.ts';
import { Later, type Reply, type Upload } from './network.ts';

// A part may take minutes. What counts is whether it moves.
const STALL_MS = 60_000;

export class BrowserNetwork extends FetchNetwork {
  /** Send a file. `fetch` does not say how much of it has left. */
  override upload({ method, url, body, signal, progress }: Upload): Promise<Reply> {
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
