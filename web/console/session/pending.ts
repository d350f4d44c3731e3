/** What has to outlive the trip to the issuer's pages, and nothing else: no token is stored. */

export interface Pending {
  state: string;
  verifier: string;
  /** The path of the console to show afterwards. */
  page: string;
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
    const { state, verifier, page } = JSON.parse(kept) as Partial<Record<keyof Pending, unknown>>;
    if (typeof state !== 'string' || typeof verifier !== 'string' || typeof page !== 'string') {
      return null;
    }
    return { state, verifier, page };
  } catch {
    return null;
  }
}

/** Remember that the screen is locked, so that a reload or a new tab asks for the password too. */
export function markLocked(locked: boolean, store: Store): void {
  if (locked) store.setItem(LOCKED, '1');
  else store.removeItem(LOCKED);
}

/** Return whether a screen of this browser was locked and nobody has signed in again since. */
export function isMarkedLocked(store: Store): boolean {
  return store.getItem(LOCKED) !== null;
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
