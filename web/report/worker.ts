/**
 * The residents' service worker. It keeps the shell, so that the page opens without a network: the
 * page, its programs and styles. It never keeps a response of the API or a medium, and does not
 * touch any request for one.
 *
 * A new version waits until no page of the old one is open: a page finds its own programs until then.
 */

interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}

interface Fetching extends Lasting {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

/** The addresses of the shell: the build puts them here (plugins/shell.ts). */
declare const SHELL: { readonly version: string; readonly paths: readonly string[] };

const PREFIX = 'shell-';
const NAME = `${PREFIX}${SHELL.version}`;
const PAGE = '/';
// For a page that the network does not bring in this time, the kept one is shown.
const PATIENCE_MS = 4000;

addEventListener('install', (event) => {
  (event as Lasting).waitUntil(keepShell());
});

addEventListener('activate', (event) => {
  (event as Lasting).waitUntil(dropOthers());
});

addEventListener('fetch', (event) => {
  const { request } = event as Fetching;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin) return;
  if (request.mode === 'navigate' && pathname === PAGE) {
    (event as Fetching).respondWith(freshPage(request));
  } else if (pathname !== PAGE && SHELL.paths.includes(pathname)) {
    (event as Fetching).respondWith(keptOr(request));
  }
});

async function keepShell(): Promise<void> {
  const cache = await caches.open(NAME);
  // Past the browser's own cache: the page could be an old one.
  await cache.addAll(SHELL.paths.map((path) => new Request(path, { cache: 'reload' })));
}

async function dropOthers(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== NAME);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** Return the page from the network, or the kept one if the network is slow, absent or broken. */
async function freshPage(request: Request): Promise<Response> {
  const kept = await (await caches.open(NAME)).match(PAGE);
  if (!kept) return fetch(request);
  const late = new Promise<Response>((resolve) => {
    setTimeout(() => resolve(kept), PATIENCE_MS);
  });
  const fresh = fetch(request).then(
    (response) => (response.ok ? response : kept),
    () => kept,
  );
  return Promise.race([fresh, late]);
}

async function keptOr(request: Request): Promise<Response> {
  const kept = await (await caches.open(NAME)).match(request);
  return kept ?? fetch(request);
}

export {};
