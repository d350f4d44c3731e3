/** Sends a report: its text, and what files it will have. */

import type { components } from '../schema.ts';
import type { Clock } from './clock.ts';
import type { Kept, KeptFile } from './kept.ts';
import { challengeIn, Later, ProofRequired, readReply, Refused, type Reply } from './network.ts';
import { Proofs } from './proofs.ts';
import type { FieldProblem, Problem } from './types.ts';
import { randomUuid } from './uuid.ts';
import { Stopped, type Work } from './work.ts';

type Created = components['schemas']['CreatedReport'];

// Nobody waits longer for a proof that may not be needed.
const FIRST_PROOF_MS = 10_000;
const PROOFS_PER_ATTEMPT = 3;
const CORRECTIONS_PER_ATTEMPT = 5;
/** A report goes without these when they are wrong: its text matters more. */
const OPTIONAL = ['media', 'occurred_at', 'location', 'details', 'contact'];
const PLACE = ['lat', 'lon', 'datum'];

/** What is changed of a report's body. */
interface Body {
  media?: { reduced?: number }[];
  [name: string]: unknown;
}

/**
 * Send an entry's report, and keep its receipt. What is refused and optional is left out, so that it
 * never stops the text. Throws Later and Refused.
 */
export async function createReport(work: Work, clock: Clock): Promise<void> {
  const proofs = new Proofs(work.prove, work.signal, (proof) => {
    if (!work.entry().report) work.show({ state: 'proving', proof });
  });
  try {
    const created = await attempt(work, proofs, clock);
    await work.save((kept) => withReport(kept, created, work.limits.perCall));
    work.show({});
    if (created.challenge) await addProof(work, proofs, created);
  } finally {
    proofs.end();
  }
}

async function attempt(work: Work, proofs: Proofs, clock: Clock): Promise<Created> {
  let proof = await firstProof(work, proofs, clock);
  let [made, corrected] = [0, 0];
  for (;;) {
    work.show({ state: 'sending' });
    try {
      return readCreated(await post(work, proof));
    } catch (error) {
      if (error instanceof ProofRequired) {
        made += 1;
        if (made > PROOFS_PER_ATTEMPT) throw new Later();
        work.show({ state: 'proving', proof: 0 });
        proof = await proofs.make(error.challenge, work.entry().key);
      } else if (error instanceof Refused && corrected < CORRECTIONS_PER_ATTEMPT) {
        corrected += 1;
        if (!(await correct(work, error.problem))) throw error;
      } else {
        throw error;
      }
    }
  }
}

async function post(work: Work, proof: string | null): Promise<Reply> {
  await work.noteAttempt();
  const { key, body } = work.entry();
  return await work.network.call({
    method: 'POST',
    path: '/v1/reports',
    body,
    headers: { 'Idempotency-Key': key, ...(proof ? { 'Tipline-Proof': proof } : {}) },
    signal: work.signal,
  });
}

/**
 * Return a proof if reports need one now, and it is made soon. A report of a missing child is
 * accepted without, but officers see it sooner with one. Whatever fails here stops no report.
 */
async function firstProof(work: Work, proofs: Proofs, clock: Clock): Promise<string | null> {
  work.show({ state: 'sending' });
  try {
    const { network, signal } = work;
    const health = readReply(await network.call({ method: 'GET', path: '/v1/health', signal }));
    const challenge = challengeIn(health);
    if (!challenge) return null;
    work.show({ state: 'proving', proof: 0 });
    return await proofs.makeWithin(challenge, work.entry().key, FIRST_PROOF_MS, clock);
  } catch (error) {
    if (work.signal.aborted) throw error;
    return null;
  }
}

/**
 * Repeat a report that was accepted without a proof, with one: officers see it sooner. It is filed
 * already, so whatever fails here changes nothing.
 */
async function addProof(work: Work, proofs: Proofs, created: Created): Promise<void> {
  try {
    const challenge = challengeIn(created);
    if (challenge) await post(work, await proofs.make(challenge, work.entry().key));
  } catch (error) {
    if (work.signal.aborted) throw error;
  }
}

function readCreated(reply: Reply): Created {
  const created = readReply(reply) as Partial<Created>;
  const whole =
    typeof created.id === 'string' &&
    typeof created.receipt === 'string' &&
    typeof created.reference === 'string' &&
    Array.isArray(created.uploads);
  if (!whole) throw new Later(); // not from the API
  return created as Created;
}

/** Return the files in the report's body, in the same order. Further ones are added later. */
function declared(kept: Kept, perCall: number): KeptFile[] {
  return kept.files.slice(0, perCall).filter(({ state }) => state !== 'refused');
}

function withReport(kept: Kept, created: Created, perCall: number): Kept {
  const { id, receipt, reference, uploads, notes = [], drill = false } = created;
  // If the first response arrives a day late, the files were cancelled, and have no upload.
  const inBody = declared(kept, perCall);
  const files = kept.files.map((file) => {
    const upload = uploads.find(({ index }) => inBody[index] === file);
    return upload ? { ...file, mediaId: upload.media_id, partSize: upload.part_size } : file;
  });
  return { ...kept, report: { id, receipt, reference }, notes, drill, files };
}

/** Change what can be changed without the person. Return whether it may be sent again. */
async function correct(work: Work, problem: Problem): Promise<boolean> {
  if (problem.code === 'weak_idempotency_key') {
    const key = randomUuid();
    await work.save((kept) => ({ ...kept, key }));
    return true;
  }
  const wrong = problem.fields ?? [];
  const isOptional = ({ field }: FieldProblem) => OPTIONAL.includes(field.split('.', 1)[0] ?? '');
  if (problem.status !== 422 || !wrong.length || !wrong.every(isOptional)) return false;
  const before = work.entry().body;
  // A 422 has stored nothing, so that the key is still free for another body.
  await work.save((kept) => without(kept, problem, work.limits.perCall));
  return work.entry().body !== before;
}

/** Leave out the wrong fields. A file says so itself, of the others `leftOut` does. */
function without(kept: Kept, problem: Problem, perCall: number): Kept {
  const body = JSON.parse(kept.body) as Body;
  const places: string[][] = [];
  const leftOut = [...(kept.leftOut ?? [])];
  for (const wrong of problem.fields ?? []) {
    const [name = '', ...rest] = wrong.field.split('.');
    if (name === 'media') places.push(rest);
    else if (body[name] !== undefined) {
      leftOut.push({ ...wrong, field: remove(body, name, rest[0] ?? '') });
    }
  }
  let { files } = kept;
  if (body.media && places.length > 0) {
    if (places.every(([, part]) => part === 'reduced')) {
      // A service that knows no reduced pictures refuses them: the photos go alone.
      body.media = body.media.map(({ reduced: _, ...medium }) => medium);
      files = files.map(({ reduced: _, ...file }) => file);
    } else {
      const named = new Set(places.map(([place]) => Number(place ?? NaN)).filter(Number.isInteger));
      const isWrong = (place: number) => !named.size || named.has(place);
      const refused = declared(kept, perCall).filter((_, place) => isWrong(place));
      body.media = body.media.filter((_, place) => !isWrong(place));
      files = files.map((file) =>
        refused.includes(file) ? { ...file, state: 'refused', problem } : file,
      );
    }
  }
  return { ...kept, body: JSON.stringify(body), files, ...(leftOut.length ? { leftOut } : {}) };
}

/** Remove a field, or the part of it that is wrong. Return which. */
function remove(body: Body, name: string, part: string): string {
  const whole = body[name];
  // Half a place would be another place.
  if (typeof whole === 'object' && whole && part in whole && !PLACE.includes(part)) {
    delete (whole as Record<string, unknown>)[part];
    return `${name}.${part}`;
  }
  delete body[name];
  return name;
}

/** It resolves when the text has arrived. Throws Later and Refused. */
export async function sendText(work: Work): Promise<void> {
  const { key, report, text } = work.entry();
  if (!report || !text) throw new Stopped();
  work.show({ state: 'sending' });
  await work.noteAttempt();
  const reply = await work.network.call({
    method: 'POST',
    path: `/v1/reports/${report.id}/${text.to}`,
    body: JSON.stringify({ text: text.words }),
    headers: { Authorization: `Receipt ${report.receipt}`, 'Idempotency-Key': key },
    signal: work.signal,
  });
  const stored = readReply(reply) as { readonly id?: unknown };
  if (typeof stored.id !== 'string') throw new Later(); // not from the API
}
