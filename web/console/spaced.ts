/** Return a Chinese sentence with a space between its letters and those of a Latin name or number. */
export function spaced(sentence: string): string {
  return sentence
    .replace(/(\p{Script=Han})([\p{Script=Latin}\d])/gu, '$1 $2')
    .replace(/([\p{Script=Latin}\d])(\p{Script=Han})/gu, '$1 $2');
}
