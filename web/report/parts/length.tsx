import { Status } from '../../shared/components/status.tsx';
import { lengthOf } from '../../shared/answers.ts';
import { write } from '../write/texts.ts';

/** The most characters of a text, for a page that has not read the catalogue. */
export const TEXT_MAX = 4000;

// How near to its end a text must be before the characters that are left are said.
const NEAR = 500;

/** How many characters of a text are left, or too many. */
export function Length({ text, most }: { text: string; most: number }) {
  const words = write();
  const left = most - lengthOf(text);
  return (
    <Status kind={left < 0 ? 'warning' : 'info'}>
      {left < 0 && <p>{words.over(-left, most)}</p>}
      {left >= 0 && left < NEAR && <p>{words.left(left)}</p>}
    </Status>
  );
}
