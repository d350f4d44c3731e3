import { useEffect, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { queueTexts } from '../queue/texts.ts';

const UNDO_MS = 10_000;
/** The button that has a key. */
export const UNDO = 'undo';

interface UndoProps {
  undo: () => Promise<unknown>;
  isOver: () => void;
}

/** For ten seconds; and as long as it has the focus, since a hand may be slow. */
export function Undo({ undo, isOver }: UndoProps) {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), UNDO_MS);
    return () => clearTimeout(timer);
  }, [undo]);
  useEffect(() => {
    if (isLate && document.activeElement?.id !== UNDO) isOver();
  });
  return (
    <Button id={UNDO} onClick={undo} onBlur={() => isLate && isOver()}>
      {queueTexts().undo} <kbd>u</kbd>
    </Button>
  );
}
