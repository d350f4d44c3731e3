import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';

import { direct, prove, subtle, TooMuchWork } from './proof.ts';
import { createHasher } from './sha256.ts';

// The example of docs/mobile.md.
const CHALLENGE = {
  challenge: '1.14.8.1795509360.12bbe14a485994725027dff448290437',
  bits: 14,
  rounds: 8,
};
const KEY = '0d1f6c1e-6a39-4c0e-9a53-7d0f7f1c2b44';
const PROOF = `${CHALLENGE.challenge}:12387,318,7439,11981,13826,4642,665,24651`;

function firstBits(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0);
}

test('the proof of the documentation is found', async () => {
  expect(await prove(CHALLENGE, KEY.toUpperCase())).toBe(PROOF);
});

test('our SHA-256 is that of everybody, whatever the length', () => {
  for (let length = 0; length < 200; length++) {
    const start = 'x'.repeat(length);
    for (const counter of [0, 7, 123456789]) {
      expect(createHasher(start)(counter)).toBe(firstBits(start + counter));
    }
  }
});

test('both ways find the same', async () => {
  const start = `${CHALLENGE.challenge}:${KEY}:1:`;
  expect(direct(start, 14)(256)).toBe(318);
  expect(await subtle(start, 14)(256)).toBe(318);
  expect(await subtle(start, 14)(0)).toBeNull();
});

test('it says how far it is, and never less than before', async () => {
  const seen: number[] = [];
  await prove(CHALLENGE, KEY, { progress: (done) => seen.push(done) });
  expect(seen).toEqual([...seen].sort((one, other) => one - other));
  expect(seen.every((done) => done > 0 && done <= 1)).toBe(true);
});

test('it can be stopped', async () => {
  const stopping = new AbortController();
  const proof = prove({ ...CHALLENGE, bits: 20, rounds: 16 }, KEY, {
    signal: stopping.signal,
    progress: () => stopping.abort(),
  });
  await expect(proof).rejects.toMatchObject({ name: 'AbortError' });
});

test.each([
  [21, 8],
  [14, 17],
  [0, 8],
  [NaN, 8],
])('more work than the service asks for is refused: %d bits, %d rounds', async (bits, rounds) => {
  await expect(prove({ ...CHALLENGE, bits, rounds }, KEY)).rejects.toBeInstanceOf(TooMuchWork);
});
