/** Sends the files of a report that is filed. */

import type { components } from '../schema.ts';
import { declare } from './drafts.ts';
import { reducedSlot, withFile, type KeptFile } from './kept.ts';
import { Expired, expectStored, Later, readReply, Refused, type Grant } from './network.ts';
import type { Problem } from './types.ts';
import { randomUuid } from './uuid.ts';
import { Stopped, type Work } from './work.ts';

type PartUrls = components['schemas']['PartUrls'];
type PostForm = Pick<components['schemas']['ReducedUpload'], 'url' | 'fields'>;

const COMPLETIONS = 3;
const FRESH_GRANTS = 2;
/** What storage responds to a form. */
const STORED = 204;

/**
 * Send one file. It resolves when the file has arrived. Every attempt requests a new grant: grants
 * cost nothing, and expire soon. Throws Later and Refused.
 */
export async function sendFile(work: Work, place: number): Promise<void> {
  const blob = await work.file(place);
  if (!blob || !(await isReadable(blob))) throw new Refused({ code: 'file_is_gone' });
  const upload = new FileUpload(work, place, blob);
  try {
    await upload.send();
  } catch (error) {
    if (!(error instanceof Refused) || !helpsToAdd(error.problem)) throw error;
    // It was cancelled before it was complete: the file becomes a new medium.
    await upload.forget();
    await upload.send();
  }
}

/** Return whether a file that is refused arrives as a new medium: what was read is rejected again. */
function helpsToAdd({ code, reason = 'not_received' }: Problem): boolean {
  if (code === 'upload_gone') return true;
  return code === 'media_rejected' && ['not_received', 'size_mismatch'].includes(reason);
}

/**
 * Send the reduced picture of a file. Whatever else than a bad network keeps it from arriving stops
 * nothing: the file itself follows. Throws Later.
 */
export async function sendReduced(work: Work, place: number): Promise<void> {
  const blob = await work.file(reducedSlot(place));
  const upload = new FileUpload(work, place, blob ?? new Blob());
  let reducedThere = false;
  try {
    if (blob && (await isReadable(blob))) reducedThere = await upload.sendReduced();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
  await work.save((kept) => withFile(kept, place, { reducedDone: true, reducedThere }));
}

class FileUpload {
  readonly #work: Work;
  readonly #place: number;
  readonly #blob: Blob;

  constructor(work: Work, place: number, blob: Blob) {
    this.#work = work;
    this.#place = place;
    this.#blob = blob;
  }

  async send(): Promise<void> {
    if (!this.#file.mediaId) await this.#add();
    try {
      if (this.#file.partSize) await this.#sendParts(this.#file.partSize);
      else await this.#again(() => this.#sendWhole());
    } catch (error) {
      // It had arrived, only the response was lost.
      if (!(error instanceof Refused && error.problem.code === 'not_awaiting')) throw error;
    }
  }

  /** Return whether it is there now; false where that is not known. */
  async sendReduced(): Promise<boolean> {
    if (!this.#file.mediaId) await this.#add();
    let isThere = false;
    await this.#again(async () => {
      const { reduced } = await this.#call<Grant>(`${this.#address}/grant`);
      // It has arrived, or the service knows none.
      if (!reduced) return;
      await this.#post(reduced, () => {});
      isThere = true;
    });
    return isThere;
  }

  /** Forget the medium that was cancelled. */
  async forget(): Promise<void> {
    await this.#work.save((kept) => {
      const { mediaId: _, partSize: __, key: ___, arrived: ____, ...file } = this.#file;
      const files = kept.files.map((other, at) => (at === this.#place ? file : other));
      return { ...kept, files };
    });
  }

  get #file(): KeptFile {
    const file = this.#work.entry().files[this.#place];
    if (!file) throw new Stopped();
    return file;
  }

  /** Add the file to the report, under a key that is kept until there is a response. */
  async #add(): Promise<void> {
    for (let uploads: readonly Grant[] = []; !uploads.length; ) {
      // Another page may be at the same step, in a browser without locks.
      const fresh = randomUuid();
      await this.#save(({ mediaId, key }) => (mediaId || key ? {} : { key: fresh }));
      const { mediaId, key } = this.#file;
      if (mediaId) return;
      const body = { media: [declare(this.#file)] };
      const added = await this.#call<{ uploads: Grant[] }>('/media', body, key);
      uploads = added.uploads ?? [];
      const [grant] = uploads;
      await this.#work.save((kept) => {
        const { key: _, ...file } = kept.files[this.#place] ?? this.#file;
        const medium = grant ? { mediaId: grant.media_id, partSize: grant.part_size } : {};
        const files = kept.files.map((other, at) =>
          at === this.#place ? { ...file, ...medium } : other,
        );
        return { ...kept, files };
      });
    }
  }

  async #sendWhole(): Promise<void> {
    const { url, fields } = await this.#call<Grant>(`${this.#address}/grant`);
    if (!url || !fields) throw new Later();
    await this.#post({ url, fields });
  }

  async #post({ url, fields }: PostForm, show?: (sent: number) => void): Promise<void> {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    // Storage reads nothing after the file. Its name stays on the phone.
    form.append('file', this.#blob, 'file');
    const extra = { first: 0, size: this.#blob.size };
    const reply = await this.#upload('POST', url, form, extra, show);
    expectStored(reply);
    if (reply.status !== STORED) throw new Later(); // not from storage
  }

  /** Send the parts that storage does not hold. It lists them, so they are not kept here. */
  async #sendParts(partSize: number): Promise<void> {
    for (let left = COMPLETIONS; ; left--) {
      try {
        await this.#sendMissing(partSize);
      } catch (error) {
        // It may be complete already: the next call finds out.
        if (!(error instanceof Refused && error.problem.code === 'upload_gone')) throw error;
      }
      try {
        await this.#call(`${this.#address}/complete`);
        return;
      } catch (error) {
        const code = error instanceof Refused ? error.problem.code : '';
        if (code !== 'parts_missing' && code !== 'size_mismatch') throw error;
        if (left > 1) continue;
        // Something between us and storage said that it took them.
        throw code === 'parts_missing' ? new Later() : error;
      }
    }
  }

  async #sendMissing(partSize: number): Promise<void> {
    const held = new Set((await this.#parts([])).held.map(({ number }) => number));
    const count = Math.ceil(this.#blob.size / partSize);
    const missing = Array.from({ length: count }, (_, at) => at + 1).filter((n) => !held.has(n));
    const perCall = this.#work.limits.partsPerCall;
    for (let from = 0; from < missing.length; from += perCall) {
      const { parts } = await this.#parts(missing.slice(from, from + perCall));
      for (const part of parts) await this.#sendPart(part, partSize, held);
    }
  }

  /** Send one part. Its URL may expire, so every further attempt requests a new one. */
  async #sendPart(
    part: PartUrls['parts'][number],
    partSize: number,
    held: Set<number>,
  ): Promise<void> {
    const start = (part.number - 1) * partSize;
    const piece = this.#blob.slice(start, Math.min(start + partSize, this.#blob.size));
    const granted = [part];
    await this.#again(async () => {
      const [grant = (await this.#parts([part.number])).parts[0]] = granted.splice(0);
      if (!grant) return; // storage holds it by now
      const extra = { first: held.size * partSize, size: piece.size };
      expectStored(await this.#upload('PUT', grant.url, piece, extra));
    });
    held.add(part.number);
    const arrived = Math.min(held.size * partSize, this.#blob.size);
    await this.#save(() => ({ arrived }));
    this.#work.moved();
  }

  /** Repeat an attempt whose grant has expired, once: a new one helps, unless the clock is wrong. */
  async #again(attempt: () => Promise<void>): Promise<void> {
    for (let left = FRESH_GRANTS; ; left--) {
      try {
        await attempt();
        return;
      } catch (error) {
        if (!(error instanceof Expired)) throw error;
        if (left === 1) throw new Later();
      }
    }
  }

  async #upload(
    method: 'POST' | 'PUT',
    url: string,
    body: Blob | FormData,
    { first, size }: { first: number; size: number },
    show = (sent: number) =>
      this.#work.show({
        file: { place: this.#place, sent: Math.min(first + Math.min(sent, size), this.#blob.size) },
      }),
  ) {
    show(0);
    const { network, signal } = this.#work;
    const reply = await network.upload({ method, url, body, signal, progress: show });
    return reply;
  }

  #parts(numbers: readonly number[]): Promise<PartUrls> {
    return this.#call<PartUrls>(`${this.#address}/parts`, { numbers });
  }

  get #address(): string {
    return `/media/${this.#file.mediaId}`;
  }

  async #call<T extends object>(path: string, body?: object, key?: string): Promise<T> {
    const { report } = this.#work.entry();
    if (!report) throw new Stopped();
    const reply = await this.#work.network.call({
      method: 'POST',
      path: `/v1/reports/${report.id}${path}`,
      ...(body ? { body: JSON.stringify(body) } : {}),
      headers: {
        Authorization: `Receipt ${report.receipt}`,
        ...(key ? { 'Idempotency-Key': key } : {}),
      },
      signal: this.#work.signal,
    });
    return readReply(reply) as T;
  }

  async #save(change: (file: KeptFile) => Partial<KeptFile>): Promise<void> {
    await this.#work.save((kept) => {
      const file = kept.files[this.#place];
      return file ? withFile(kept, this.#place, change(file)) : kept;
    });
  }
}

/** Return whether the phone still has the bytes of a file that is in memory by name alone. */
async function isReadable(blob: Blob): Promise<boolean> {
  try {
    await blob.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
