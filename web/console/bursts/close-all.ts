/** The closing of a burst that two officers have decided: a part in each call, until none is left. */

import type { Schemas } from '../types.ts';

// The list may still have what was just closed: a call that finds only that closes nothing.
const MOST_IDLE = 5;
const PAUSE_MS = 1000;

/**
 * Close part after part, and call `say` after each with the number of all that is closed, and whether
 * nothing is left. Returns that; false when calls close nothing any more. Raises what a call raises.
 */
export async function closeAll(
  closePart: () => Promise<Schemas['Ended']>,
  say: (closed: number, isComplete: boolean) => void,
  pause = () => new Promise<void>((done) => setTimeout(done, PAUSE_MS)),
): Promise<boolean> {
  let closed = 0;
  for (let idle = 0; idle < MOST_IDLE; ) {
    const part = await closePart();
    closed += part.ended;
    say(closed, part.is_complete);
    if (part.is_complete) return true;
    idle = part.ended > 0 ? 0 : idle + 1;
    if (idle > 0) await pause();
  }
  return false;
}
