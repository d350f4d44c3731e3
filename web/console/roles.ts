/** What an officer's roles mean for the screens. */

import type { Me } from './types.ts';

/** Return whether the officer sees reports: an administrator alone does not. */
export function seesReports(me: Pick<Me, 'roles'>): boolean {
  return me.roles.some((role) => role !== 'admin');
}

export function isAdmin(me: Me): boolean {
  return me.roles.includes('admin');
}
