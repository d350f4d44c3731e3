/** Blanks after a JSON body, which mean nothing: its length then says little of what somebody writes. */

const LEAST = 2 << 10;
const LARGE = 64 << 10;

/** Return the text with blanks after it: a power of two from 2 to 64 KiB, or a multiple of 64 KiB. */
export function padded(json: string): string {
  const size = new TextEncoder().encode(json).length;
  let wanted = LEAST;
  while (wanted < size && wanted < LARGE) wanted *= 2;
  if (wanted < size) wanted = Math.ceil(size / LARGE) * LARGE;
  return json + ' '.repeat(wanted - size);
}
