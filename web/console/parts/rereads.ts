/** What is being prepared is asked for again, a few times only: each read is on record. */

import { useEffect, useState } from 'preact/hooks';

// About a minute in all: so long a picture takes to be redacted.
const REREADS_S = [2, 4, 8, 16, 32];

/** Read again while something is being prepared. */
export function useRereads(isPreparing: boolean, again: () => Promise<void>): void {
  const [turn, setTurn] = useState(0);
  const wait = isPreparing ? REREADS_S[turn] : undefined;
  useEffect(() => {
    if (!isPreparing) setTurn(0);
  }, [isPreparing]);
  useEffect(() => {
    if (wait === undefined) return undefined;
    const timer = setTimeout(() => {
      setTurn((before) => before + 1);
      void again();
    }, wait * 1000);
    return () => clearTimeout(timer);
  }, [wait, again]);
}
