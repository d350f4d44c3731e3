import { Button } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { frame } from '../texts.ts';

/** Something that could not be loaded, and what to do then. The region stays on the page. */
export function Missing({ shown, onAgain }: { shown: boolean; onAgain: () => void }) {
  const text = frame();
  return (
    <Status kind="error">
      {shown && (
        <>
          <p>
            <strong>{text.failed}</strong> {text.failedWhy}
          </p>
          <Button onClick={onAgain}>{text.again}</Button>
        </>
      )}
    </Status>
  );
}
