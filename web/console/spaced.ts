/** Return a Chinese sentence with a space between its letters and those of a Latin name or number. */
export function spaced(sentence: string): string {
  return sentence
    .replace(/(\p{Script=Han})([\p{Script=Latin}\d])/gu, '$1 $2')
    .replace(/([\p{Script=Latin}\d])(\p{Script=Han})/gu, '$1 $2');
}

/**
 * Return two Chinese names as one, without touching what somebody has written: with a space between
 * them unless both are Chinese where they meet, or one has a sign there. The API does the same.
 */
export function apart(before: string, after: string): string {
  const gap = /[\p{L}\p{N}]$/u.test(before) && /^[\p{L}\p{N}]/u.test(after);
  const isChinese = /\p{Script=Han}$/u.test(before) && /^\p{Script=Han}/u.test(after);
  return `${before}${gap && !isChinese ? ' ' : ''}${after}`;
}
