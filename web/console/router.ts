/** The paths of the console. A page is known by its path alone, so that a notice can link to it. */

import { signal } from '@preact/signals';

export type Route =
  | { page: 'queue' }
  | { page: 'report'; id: string }
  | { page: 'burst'; id: string }
  | { page: 'incident'; id: string }
  | { page: 'entry' }
  | { page: 'search' }
  | { page: 'map' }
  | { page: 'export'; id: string }
  | { page: 'requests' }
  | { page: 'request'; id: string }
  | { page: 'bulletins'; id: string | null }
  | { page: 'dashboard' }
  | { page: 'openings' }
  | { page: 'admin'; part: string | null }
  | { page: 'unknown' };

const HOME = '/console/';
const ID = '[A-Za-z0-9_-]{1,64}';
const PATHS: [RegExp, (parts: (string | undefined)[]) => Route][] = [
  [/^(reports)?$/, () => ({ page: 'queue' })],
  [/^new$/, () => ({ page: 'entry' })],
  [/^search$/, () => ({ page: 'search' })],
  [/^map$/, () => ({ page: 'map' })],
  [new RegExp(`^reports/(${ID})$`), ([id = '']) => ({ page: 'report', id })],
  [/^bursts\/([a-z][a-z0-9_]{0,39}\.[0-9T-]{13})$/, ([id = '']) => ({ page: 'burst', id })],
  [new RegExp(`^incidents/(${ID})$`), ([id = '']) => ({ page: 'incident', id })],
  [new RegExp(`^exports/(${ID})$`), ([id = '']) => ({ page: 'export', id })],
  [/^requests$/, () => ({ page: 'requests' })],
  [/^requests\/([0-9]{8}-[0-9A-Z]{6})$/, ([id = '']) => ({ page: 'request', id })],
  [new RegExp(`^bulletins(?:/(${ID}))?$`), ([id]) => ({ page: 'bulletins', id: id ?? null })],
  [/^dashboard$/, () => ({ page: 'dashboard' })],
  [/^openings$/, () => ({ page: 'openings' })],
  [/^admin(?:\/([a-z0-9._/-]{1,100}))?$/, ([part]) => ({ page: 'admin', part: part ?? null })],
];

/** Return the route of a path with its query. */
export function routeOf(path: string): Route {
  const [pathname = ''] = path.split('?', 1);
  if (!`${pathname}/`.startsWith(HOME)) return { page: 'unknown' };
  const rest = pathname.slice(HOME.length).replace(/\/$/, '');
  for (const [pattern, make] of PATHS) {
    const found = pattern.exec(rest);
    if (found) return make(found.slice(1));
  }
  return { page: 'unknown' };
}

/** Return the path of a page of the console. */
export function pathTo(rest: string): string {
  return HOME + rest;
}

/** The path that is shown, with its query. */
export const path = signal(HOME);

let ask: ((to: string) => void) | null = null;

/**
 * Keep the page that is shown: whoever is about to leave it for another one stays, and `asked` is
 * called with where they wanted to go. Returns what lets them go again.
 */
export function hold(asked: (to: string) => void): () => void {
  ask = asked;
  return () => {
    if (ask === asked) ask = null;
  };
}

/** Show a path. The browser's back button comes back to the one before, unless it is replaced. */
export function go(to: string, { replace = false } = {}): void {
  if (ask !== null && to !== path.value) return ask(to);
  if (replace) history.replaceState(null, '', to);
  else if (to !== location.pathname + location.search) history.pushState(null, '', to);
  path.value = to;
}

/** Follow the browser's buttons and the links of the page. Returns a function that ends it. */
export function startRouter(): () => void {
  const moved = () => {
    const to = location.pathname + location.search;
    if (ask !== null && to !== path.value) {
      // The browser has gone there already.
      history.pushState(null, '', path.value);
      return ask(to);
    }
    path.value = to;
  };
  const clicked = (event: MouseEvent) => {
    const to = inside(event);
    if (to === null) return;
    event.preventDefault();
    go(to);
  };
  addEventListener('popstate', moved);
  document.addEventListener('click', clicked);
  return () => {
    removeEventListener('popstate', moved);
    document.removeEventListener('click', clicked);
  };
}

/** Return where a plain click on a link of the console leads; null for any other click. */
function inside(event: MouseEvent): string | null {
  if (event.defaultPrevented || event.button !== 0) return null;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (link === null || link.target || link.hasAttribute('download')) return null;
  const url = new URL(link.href, location.href);
  if (url.origin !== location.origin || !url.pathname.startsWith(HOME) || url.hash) return null;
  return url.pathname + url.search;
}

/** Where the parts of the administration are. */
export const OFFICERS = 'officers';
export const APPOINT = 'appoint';
export const DESTINATIONS = 'destinations';

export function officerPath(username: string): string {
  return pathTo(`admin/${OFFICERS}/${username}`);
}

/** What stands in the path in place of an id for one that is not written yet. */
export const NEW_BULLETIN = 'new';

export function bulletinPath(id: string): string {
  return pathTo(`bulletins/${id}`);
}
