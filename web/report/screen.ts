/**
 * Which screen is shown. It is in memory only: the address, the title and the history of the browser
 * are the same on every screen, so that they do not tell what was done.
 *
 * The history has one entry more while another screen than the first one is shown, so that "back"
 * leads to the first one. Its state says only that it is the second, so that the page knows where it
 * is after a reload, and after the browser's "forward".
 */
import { signal } from '@preact/signals';

import type { Subject } from './form.ts';

export type Screen =
  | { readonly name: 'start' }
  | { readonly name: 'write'; readonly category: string; readonly bulletin: Subject | null }
  /** A draft; without an id the report that is open, to correct it. */
  | { readonly name: 'rewrite'; readonly draft: string | null }
  /** `placeless`: the person wanted to say a place, and it could not be found or picked. */
  | {
      readonly name: 'sent';
      readonly entry: string;
      readonly placeless?: boolean;
      /** The title of the bulletin that it is about. */
      readonly about?: string | undefined;
    }
  | { readonly name: 'mine'; readonly receipt: string | null };

export const screen = signal<Screen>({ name: 'start' });
/** Something to say on the next screen, such as "Erased". */
export interface Word {
  readonly text: string;
  readonly kind: 'success' | 'warning';
}

const NOTHING: Word = { text: '', kind: 'success' };

export const word = signal(NOTHING);

const SECOND = 'second';

let deeper = false;

/** Show another screen. */
export function go(next: Screen, say = '', kind: Word['kind'] = 'success'): void {
  if (next.name !== 'start' && !deeper) {
    history.pushState(SECOND, '');
    deeper = true;
  } else if (next.name === 'start' && deeper) {
    deeper = false;
    history.back();
  }
  show(next, { text: say, kind });
}

/** Follow the browser's "back" and "forward". Call it once. */
export function followHistory(): void {
  // Each screen begins at its top. The browser would scroll the first one to where it was left.
  history.scrollRestoration = 'manual';
  deeper = history.state === SECOND;
  addEventListener('popstate', () => {
    const was = deeper;
    deeper = history.state === SECOND;
    if (was && !deeper) show({ name: 'start' }, NOTHING);
  });
}

/** Go back to the first entry of ours, if there are two. Return whether there were. */
export function unwind(): boolean {
  if (!deeper) return false;
  deeper = false;
  // Whoever comes here by "forward" begins anew: the first entry is another page's then.
  history.replaceState(null, '');
  history.back();
  return true;
}

/** Say something on the screen that is shown, and begin to read it anew. */
export function tell(said: string): void {
  word.value = { text: said, kind: 'success' };
  beginAnew();
}

/** Begin to read the screen that is shown anew. */
export function beginAnew(): void {
  document.querySelector('h1')?.focus();
  scrollTo(0, 0);
}

function show(next: Screen, say: Word): void {
  word.value = say;
  screen.value = next;
  scrollTo(0, 0);
}
