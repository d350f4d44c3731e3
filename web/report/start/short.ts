/** The beginning of a long text, for a card. */

// As far back as a word is looked for whose end is cut.
const WORD = 30;
// What is hidden must be worth a tap: at least this share of what is shown.
const WORTH = 1 / 3;

/**
 * Return a text of at most about `most` characters; a word that is cut is left out. A text that is
 * little longer is whole.
 */
export function shortOf(text: string, most: number): string {
  const letters = [...text];
  if (letters.length <= most * (1 + WORTH)) return text;
  const start = letters.slice(0, most).join('');
  const goesOn = /^[A-Za-z0-9'’-]/.test(letters[most] ?? '');
  // Chinese has no spaces: there only a number or a name in letters can be cut.
  const whole = goesOn ? start.replace(new RegExp(`[A-Za-z0-9'’-]{1,${WORD}}$`), '') : start;
  return `${whole.replace(/[\s,;:，、；：]+$/, '')}…`;
}
