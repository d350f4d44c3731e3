/** Where the pages of bulletins are. */

import { pathTo } from '../router.ts';

/** What stands in the path in place of an id for one that is not written yet. */
export const NEW = 'new';

export function opened(id: string): string {
  return pathTo(`bulletins/${id}`);
}
