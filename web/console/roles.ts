/** What an officer's roles mean for the screens. */

import type { Me } from './types.ts';

/** Return whether the officer sees reports: an administrator alone does not. */
export function seesReports(me: Pick<Me, 'roles'>): boolean {
  return me.roles.some((role) => role !== 'admin');
}

/** Return whether the officer may approve what takes two officers. A new account waits for a day. */
export function mayApprove(me: Pick<Me, 'roles' | 'approves_from'>, now: number): boolean {
  return seesReports(me) && (me.approves_from === null || Date.parse(me.approves_from) <= now);
}

export function isAdmin(me: Me): boolean {
  return me.roles.includes('admin');
}
