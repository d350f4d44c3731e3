/** Where the parts of the administration are. */

import { pathTo } from '../router.ts';

export const OFFICERS = 'officers';
export const APPOINT = 'appoint';

export function officerPath(username: string): string {
  return pathTo(`admin/${OFFICERS}/${username}`);
}
