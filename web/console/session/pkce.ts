/** Proof Key for Code Exchange (RFC 7636), with SHA-256. */

export interface Proof {
  verifier: string;
  challenge: string;
}

/** Make a verifier of 43 characters, and its challenge. */
export async function newProof(): Promise<Proof> {
  const verifier = randomText(32);
  return { verifier, challenge: await challengeOf(verifier) };
}

/** Return the challenge of a verifier. */
export async function challengeOf(verifier: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  return base64url(new Uint8Array(digest));
}

/** Return so many random bytes as base64url. */
export function randomText(bytes: number): string {
  return base64url(crypto.getRandomValues(new Uint8Array(bytes)));
}

function base64url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
