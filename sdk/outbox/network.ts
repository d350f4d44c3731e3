/** Calls of the API, and uploads to storage: what goes out, and what a response means. */

import type { components } from '../schema.ts';
import type { Challenge } from '../proof.ts';
import type { Problem } from './types.ts';

export type Grant = components['schemas']['Upload'];
type ApiProblem = components['schemas']['Problem'];

export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface Upload {
  readonly method: 'POST' | 'PUT';
  readonly url: string;
  readonly body: Blob | FormData;
  readonly signal: AbortSignal;
  readonly progress: (sent: number) => void;
}

export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string | null;
}

/** The way out. Both throw Later when there is no response. */
export interface Network {
  call(call: Call): Promise<Reply>;
  upload(upload: Upload): Promise<Reply>;
  /** Return whether the device says that it has no network: then nothing leaves it. */
  isOffline(): boolean;
}

/** Try again, after so many milliseconds or later. 0: nobody has said when. */
export class Later extends Error {
  override readonly name = 'Later';
  readonly afterMs: number;

  constructor(afterMs = 0) {
    super('not now');
    this.afterMs = afterMs;
  }
}

/** A response that a retry will not change. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.code);
    this.problem = problem;
  }
}

/** The grant has expired: a new one helps. */
export class Expired extends Error {
  override readonly name = 'Expired';
}

/** Too many reports come in: this one needs a proof of work. */
export class ProofRequired extends Error {
  override readonly name = 'ProofRequired';
  readonly challenge: Challenge;

  constructor(challenge: Challenge) {
    super('a proof is required');
    this.challenge = challenge;
  }
}

/** Return what the API responds, as an object. Throws what else the response means. */
export function readReply(reply: Reply): object {
  const content = parse(reply.body);
  if (reply.status === 429) {
    const challenge = challengeIn(content);
    if (challenge) throw new ProofRequired(challenge);
  }
  if (reply.status === 429 || reply.status >= 500) throw new Later(retryAfterMs(reply));
  // Above 4.5 MB it comes from AWS itself, in a form of its own.
  if (reply.status === 413) throw new Refused({ code: 'body_too_large', status: 413 });
  if (reply.status >= 400 && isProblem(content)) throw new Refused(problemOf(content));
  // Not from the API: the page to sign in to the network of a hotel, for example.
  if (reply.status >= 400 || !content) throw new Later();
  return content;
}

/**
 * Throw what the response of storage means, unless the upload is stored. Storage says nothing then,
 * and a code in XML when it refuses: whatever else comes is not from storage, and refuses nothing.
 */
export function expectStored(reply: Reply): void {
  const { status, body } = reply;
  if (status === 429 || status >= 500) throw new Later(retryAfterMs(reply));
  if (status === 403) throw new Expired();
  if (status < 300 && !body.trim()) return;
  const code = storageCodeIn(body);
  if (!code || code === 'RequestTimeout') throw new Later();
  throw new Refused({ code: code === 'NoSuchUpload' ? 'upload_gone' : 'upload_refused', status });
}

/** Return the challenge that an object of the API holds, if it is one. */
export function challengeIn(content: object | null): Challenge | null {
  const { challenge } = (content ?? {}) as { challenge?: Partial<Challenge> | null };
  const whole =
    typeof challenge?.challenge === 'string' &&
    typeof challenge.bits === 'number' &&
    typeof challenge.rounds === 'number';
  return whole ? (challenge as Challenge) : null;
}

function isProblem(content: object | null): content is ApiProblem {
  return typeof (content as Partial<ApiProblem> | null)?.code === 'string';
}

function problemOf({ code, status, title, detail, errors, reason }: ApiProblem): Problem {
  const more = { ...(errors && { fields: errors }), ...(reason && { reason }) };
  return { code, status, title, detail, ...more };
}

function retryAfterMs({ retryAfter }: Reply): number {
  return retryAfter && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) * 1000 : 0;
}

function storageCodeIn(body: string): string | undefined {
  return /<Error\b[^>]*>.*?<Code>(\w+)<\/Code>/s.exec(body)?.[1];
}

function parse(body: string): object | null {
  try {
    const content: unknown = JSON.parse(body);
    return typeof content === 'object' ? content : null;
  } catch {
    return null;
  }
}
