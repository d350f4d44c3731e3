/** Sends a report: its text, and what files it will have. */

import type { components } from '../schema.ts';
import type { Clock } from './clock.ts';
import type { Kept, KeptFile } from './kept.ts';
import { challengeIn, Later, ProofRequired, readReply, Refused, type Reply } from './network.ts';
import { Proofs } from './proofs.ts';
import type { Problem } from './types.ts';
import { randomUuid } from './uuid.ts';
import { Stopped, type Work } from './work.ts';

type Created = components['schemas']['CreatedReport'];

// Nobody waits longer for a proof that may not be needed.
const FIRST_PROOF_MS = 10_000;
const PROOFS_PER_ATTEMPT = 3;
const CORRECTIONS_PER_ATTEMPT = 5;

/**
 * Send an entry's report, and keep its receipt. Files that are refused are left out, so that they
 * never stop the text. Throws Later and Refused.
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
  const fields = problem.fields?.map(({ field }) => field.split('.')) ?? [];
  const inBody = declared(work.entry(), work.limits.perCall);
  const aboutFiles = fields.length > 0 && fields.every(([first]) => first === 'media');
  if (problem.status !== 422 || !inBody.length || !aboutFiles) return false;
  if (fields.every(([, , part]) => part === 'reduced')) return await withoutReduced(work);
  const named = new Set(fields.map(([, place]) => Number(place ?? NaN)).filter(Number.isInteger));
  const isWrong = (place: number) => !named.size || named.has(place);
  await work.save((kept) => {
    const body = JSON.parse(kept.body) as { media: unknown[] };
    const wrong = declared(kept, work.limits.perCall).filter((_, place) => isWrong(place));
    body.media = body.media.filter((_, place) => !isWrong(place));
    const refused = { state: 'refused', problem } as const;
    const files = kept.files.map((file) => (wrong.includes(file) ? { ...file, ...refused } : file));
    return { ...kept, body: JSON.stringify(body), files };
  });
  return true;
}

/** A service that knows no reduced pictures refuses them: the photos go alone. */
async function withoutReduced(work: Work): Promise<boolean> {
  await work.save((kept) => {
    const body = JSON.parse(kept.body) as { media: { reduced?: number }[] };
    body.media = body.media.map(({ reduced: _, ...medium }) => medium);
    const files = kept.files.map(({ reduced: _, ...file }) => file);
    return { ...kept, body: JSON.stringify(body), files };
  });
  return true;
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
