import { effect } from '@preact/signals';

import { language } from '../../shared/language.ts';

/** What has to outlive the trip to the issuer's pages, and nothing else: no token is stored. */

export interface Pending {
  state: string;
  verifier: string;
  /** The path of the console to show afterwards. */
  page: string;
  /** The mark of the lock when it began: a password was asked for because of it. */
  mark: number | null;
}

export type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

const SIGN_IN = 'tipline.sign-in';
const LOCKED = 'tipline.locked';
const SIGNED_OUT = 'tipline.signed-out';

/** Keep a sign-in that has begun. */
export function keepPending(pending: Pending, store: Store): void {
  store.setItem(SIGN_IN, JSON.stringify(pending));
}

/** Return the sign-in that has begun, and forget it: a state and a verifier are good once. */
export function takePending(store: Store): Pending | null {
  const kept = store.getItem(SIGN_IN);
  store.removeItem(SIGN_IN);
  if (kept === null) return null;
  try {
    const found = JSON.parse(kept) as Partial<Record<keyof Pending, unknown>>;
    const { state, verifier, page, mark } = found;
    if (typeof state !== 'string' || typeof verifier !== 'string' || typeof page !== 'string') {
      return null;
    }
    return { state, verifier, page, mark: typeof mark === 'number' ? mark : null };
  } catch {
    return null;
  }
}

/**
 * Remember that the next sign-in in this browser has to ask for the password, also after a reload or
 * in a new tab. `asked` is when its officer last typed one, by the issuer's clock and in milliseconds,
 * or 0 where the issuer does not say: only a later password opens it. Of several tabs the latest
 * counts.
 */
export function markLocked(asked: number, store: Store): void {
  store.setItem(LOCKED, String(Math.max(asked, lockMark(store) ?? 0)));
}

/** Forget it: the password was typed. */
export function unmarkLocked(store: Store): void {
  store.removeItem(LOCKED);
}

/** Return when the password was last typed before a screen was locked; null when none is. */
export function lockMark(store: Store): number | null {
  const kept = store.getItem(LOCKED);
  return kept === null ? null : Number(kept) || 0;
}

/** Remember that the officer has signed out: the console then waits instead of signing in. */
export function markSignedOut(store: Store): void {
  store.setItem(SIGNED_OUT, '1');
}

/** Return whether the officer has just signed out, and forget it. */
export function takeSignedOut(store: Store): boolean {
  const marked = store.getItem(SIGNED_OUT) !== null;
  store.removeItem(SIGNED_OUT);
  return marked;
}

/** Whether somebody who comes back from the issuer has typed the password that a lock asks for. */

export type PasswordProblem = 'locked_meanwhile' | 'not_asked';

/**
 * Return what is wrong with a sign-in, null for nothing. All are times of the issuer in milliseconds
 * at which a password was typed: `due`, before the lock that there is now, null for none; `mark`, the
 * same when the sign-in began; `asked`, by the new token, null where the issuer does not say.
 */
export function passwordProblem(
  due: number | null,
  mark: number | null,
  asked: number | null,
): PasswordProblem | null {
  if (due === null) return null;
  if (mark === null || due > mark) return 'locked_meanwhile';
  // Where its tokens do not say, the issuer is trusted to have asked.
  return asked === null || asked > due ? null : 'not_asked';
}

/** The language that an officer has chosen. It is the tab's: each reload goes to the issuer and back. */
const CHOSEN = 'tipline.language';

/** Speak the language that was chosen in this tab, and remember what is chosen from now on. */
export function rememberLanguage(store: Pick<Store, 'getItem' | 'setItem'>): () => void {
  const chosen = store.getItem(CHOSEN);
  if (chosen === 'zh' || chosen === 'en') language.value = chosen;
  // Nothing is stored of who follows the browser.
  let known = language.peek();
  return effect(() => {
    if (language.value === known) return;
    known = language.value;
    store.setItem(CHOSEN, known);
  });
}
