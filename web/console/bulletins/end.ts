/** When a bulletin would end. */

import type { Bulletin } from './changes.ts';

// As the API has them: docs/bulletins.md.
const LIFE_HOURS: Record<Bulletin['about'], number> = { child: 72, elderly: 7 * 24, other: 30 * 24 };

/** Return when it would end if it were approved now: as it was asked for, but not after the longest time. */
export function endIfApproved(
  { about, expires_at: asked }: Pick<Bulletin, 'about' | 'expires_at'>,
  now: number,
): string {
  const latest = now + LIFE_HOURS[about] * 3_600_000;
  return new Date(Math.min(asked ? Date.parse(asked) : latest, latest)).toISOString();
}
