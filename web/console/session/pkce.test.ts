import { expect, test } from 'vitest';

import { challengeOf, newProof, randomText } from './pkce.ts';

test('a challenge is that of RFC 7636, appendix B', async () => {
  const challenge = await challengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk');
  expect(challenge).toBe('E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM');
});

test('each proof is a new one, of the length that the RFC allows', async () => {
  const [one, other] = [await newProof(), await newProof()];
  expect(one.verifier).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(one.verifier).not.toBe(other.verifier);
  expect(one.challenge).toBe(await challengeOf(one.verifier));
});

test('random text needs no escaping in an address', () => {
  for (let round = 0; round < 50; round += 1) {
    const text = randomText(16);
    expect(encodeURIComponent(text)).toBe(text);
  }
});
