/**
 * SHA-256 of many short texts that begin alike: what all begin with is hashed once.
 *
 * It is for the proof of work alone. `crypto.subtle.digest` returns to the page for each digest,
 * which costs more than the hash.
 */

const BLOCK = 64;
const K = new Int32Array(64);
const START = new Int32Array(8);
const LENGTH_BYTES = 9; // with the bit that ends the text

for (let number = 2, at = 0; at < 64; number++) {
  let prime = true;
  for (let factor = 2; factor * factor <= number; factor++) if (number % factor === 0) prime = false;
  if (!prime) continue;
  if (at < 8) START[at] = fraction(Math.sqrt(number));
  K[at++] = fraction(Math.cbrt(number));
}

/** Return a function that gives the first 32 bits of the SHA-256 of an ASCII text and a counter. */
export function createHasher(start: string): (counter: number) => number {
  const bytes = Uint8Array.from(start, (character) => character.charCodeAt(0));
  const whole = bytes.length - (bytes.length % BLOCK);
  const words = new Int32Array(BLOCK);
  const middle = START.slice();
  for (let at = 0; at < whole; at += BLOCK) compress(middle, words, bytes, at);

  const rest = bytes.length - whole;
  const state = new Int32Array(8);
  const tail = new Uint8Array(2 * BLOCK);
  const view = new DataView(tail.buffer);
  tail.set(bytes.subarray(whole));
  return (counter) => {
    const digits = String(counter);
    let end = rest;
    for (let at = 0; at < digits.length; at++) tail[end++] = digits.charCodeAt(at);
    const size = end + LENGTH_BYTES <= BLOCK ? BLOCK : 2 * BLOCK;
    tail[end] = 0x80;
    tail.fill(0, end + 1, size);
    view.setUint32(size - 4, (whole + end) * 8);
    state.set(middle);
    for (let at = 0; at < size; at += BLOCK) compress(state, words, tail, at);
    return (state[0] ?? 0) >>> 0;
  };
}

function fraction(root: number): number {
  return ((root - Math.floor(root)) * 2 ** 32) | 0;
}

function compress(state: Int32Array, w: Int32Array, bytes: Uint8Array, from: number): void {
  for (let i = 0, at = from; i < 16; i++, at += 4) {
    w[i] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  }
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15]!;
    const y = w[i - 2]!;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0;
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  let f = state[5]!;
  let g = state[6]!;
  let h = state[7]!;
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const one = (h + s1 + ((e & f) ^ (~e & g)) + K[i]! + w[i]!) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  state[0] = (state[0]! + a) | 0;
  state[1] = (state[1]! + b) | 0;
  state[2] = (state[2]! + c) | 0;
  state[3] = (state[3]! + d) | 0;
  state[4] = (state[4]! + e) | 0;
  state[5] = (state[5]! + f) | 0;
  state[6] = (state[6]! + g) | 0;
  state[7] = (state[7]! + h) | 0;
}
