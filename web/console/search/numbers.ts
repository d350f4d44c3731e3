/** What can be looked for, as the API's document says. */

const REFERENCE = /^[ -]*([0-9A-TV-Za-tv-z][ -]*){8}$/;
const LETTERS_AND_DIGITS = /[\p{L}\p{N}]/gu;

/** Return whether a text can be a reference, typed in any way. */
export function isReference(text: string): boolean {
  return text.length <= 20 && REFERENCE.test(text);
}

/** Return whether a text can be a plate or another number; the API decides. */
export function isNumber(text: string): boolean {
  const signs = text.match(LETTERS_AND_DIGITS) ?? [];
  const digits = signs.filter((sign) => /\p{Nd}/u.test(sign));
  return signs.length >= 4 && signs.length <= 21 && digits.length >= 2;
}
