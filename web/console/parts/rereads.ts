/** What is being prepared is asked for again, a few times only: each read is on record. */

import { useEffect, useState } from 'preact/hooks';

// A new picture takes some seconds. A redaction is begun once a minute, so that most take less than
// a minute and a half.
const REREADS_S = [1, 2, 3, 4, 10, 20, 20, 30];

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
