/** The service and its storage as the outbox sees them, in memory. */

import { Later, type Call, type Network, type Reply, type Upload } from '../network.ts';
import type { Challenge } from '../../proof.ts';

export const PART_SIZE = 64;
const POST_MAX_BYTES = 100;

interface Declared {
  readonly content_type: string;
  readonly size: number;
  readonly sha256?: string;
  readonly reduced?: number;
}

interface Medium {
  readonly id: string;
  readonly declared: Declared;
  readonly parts: Map<number, Uint8Array>;
  content: Uint8Array | null;
  reduced: Uint8Array | null;
  state: 'awaiting' | 'stored' | 'rejected';
}

interface Report {
  readonly id: string;
  readonly key: string;
  readonly body: string;
  readonly receipt: string;
  readonly media: Medium[];
}

/** What happens to one call: `lost` takes effect, but its response does not arrive. */
export type Fault = 'none' | 'unreachable' | 'lost' | 'unavailable' | 'portal';

export class FakeServer implements Network {
  readonly reports: Report[] = [];
  /** What was written to the officers, by its key. */
  readonly texts = new Map<string, string>();
  /** Each call and upload, as method and path. */
  readonly calls: string[] = [];
  readonly createKeys = new Set<string>();
  readonly proofs: (string | undefined)[] = [];
  /** Parts that came although storage held them. */
  twice = 0;
  challenge: Challenge | null = null;
  /** Null: reports are accepted without a proof, and asked for one then. */
  refusesWithoutProof = false;
  /** Responds in place of the service, if it returns something. */
  instead: (call: Call) => Partial<Reply> | undefined = () => undefined;
  insteadOfStorage: (upload: Upload) => Partial<Reply> | undefined = () => undefined;
  /** Whether the phone says that it has no network. */
  offline = false;
  /** Why files were rejected. */
  reason = 'not_received';
  /** Decides what happens to each call. */
  fault: () => Fault = () => 'none';
  #additions = new Map<string, Medium>();
  #ids = 0;

  call(call: Call): Promise<Reply> {
    return this.#through(`${call.method} ${call.path}`, () => {
      const instead = this.instead(call);
      return instead ? reply(200, {}, instead) : this.#respond(call);
    });
  }

  async upload(upload: Upload): Promise<Reply> {
    const file = upload.body instanceof FormData ? upload.body.get('file') : upload.body;
    const content = new Uint8Array(await (file as Blob).arrayBuffer());
    return await this.#through(`${upload.method} ${upload.url}`, () => {
      const instead = this.insteadOfStorage(upload);
      if (instead) return { status: 200, body: '', retryAfter: null, ...instead };
      upload.progress(content.length);
      return this.#store(upload, content);
    });
  }

  isOffline(): boolean {
    return this.offline;
  }

  /** All media have arrived as they are. */
  contents(): (string | null)[] {
    return this.reports.flatMap(({ media }) =>
      media
        .filter(({ state }) => state !== 'rejected')
        .map(({ content }) => content && new TextDecoder('latin1').decode(content)),
    );
  }

  /** How many bytes of each reduced picture have arrived. */
  reduced(): (number | undefined)[] {
    return this.reports.flatMap(({ media }) => media.map(({ reduced }) => reduced?.length));
  }

  /** A day has passed: what has not arrived is given up. */
  giveUp(): void {
    for (const medium of this.reports.flatMap(({ media }) => media)) {
      if (medium.state === 'awaiting') medium.state = 'rejected';
    }
  }

  async #through(name: string, act: () => Reply): Promise<Reply> {
    this.calls.push(name);
    const fault = this.fault();
    if (fault === 'unreachable') throw new Later();
    if (fault === 'unavailable') return reply(503, { code: 'unavailable', title: '' });
    if (fault === 'portal') return { status: 200, body: '<html>', retryAfter: null };
    const response = act();
    if (fault === 'lost') throw new Later();
    return response;
  }

  #respond(call: Call): Reply {
    if (call.path === '/v1/health') return reply(200, { challenge: this.challenge });
    if (call.path === '/v1/reports') return this.#create(call);
    const [, , , id, kind, mediumId, action] = call.path.split('/');
    const report = this.reports.find((report) => report.id === id);
    if (!report || call.headers?.Authorization !== `Receipt ${report.receipt}`) {
      return problem(404, 'not_found');
    }
    if (kind === 'messages' || kind === 'reopen') return this.#write(kind, call);
    if (!mediumId) return this.#add(report, call);
    const medium = report.media.find((medium) => medium.id === mediumId);
    if (!medium) return problem(404, 'not_found');
    if (medium.state === 'rejected') return problem(409, 'media_rejected', { reason: this.reason });
    if (action === 'complete') return this.#complete(medium);
    if (medium.state !== 'awaiting') return problem(409, 'not_awaiting');
    if (action === 'grant') return reply(200, grantOf(medium));
    const { numbers } = JSON.parse(call.body ?? '') as { numbers: number[] };
    return reply(200, {
      held: [...medium.parts.keys()].map((number) => ({ number, etag: '' })),
      parts: numbers
        .filter((number) => !medium.parts.has(number))
        .map((number) => ({ number, url: `storage/${medium.id}/${number}` })),
    });
  }

  #create(call: Call): Reply {
    const key = call.headers?.['Idempotency-Key'] ?? '';
    const proof = call.headers?.['Tipline-Proof'];
    this.createKeys.add(key);
    this.proofs.push(proof);
    let report = this.reports.find((report) => report.key === key);
    if (report && report.body !== call.body) return problem(422, 'key_reused');
    const proven = !this.challenge || proof === `${this.challenge.challenge}:proof-for-${key}`;
    if (!report && !proven && this.refusesWithoutProof) {
      return reply(429, { code: 'proof_required', title: '', challenge: this.challenge });
    }
    const status = report ? 200 : 201;
    if (!report) {
      const { media = [] } = JSON.parse(call.body ?? '') as { media?: Declared[] };
      const id = this.#id('R');
      const receipt = `receipt-of-${key}`;
      report = { id, key, body: call.body ?? '', receipt, media: media.map((m) => this.#medium(m)) };
      this.reports.push(report);
    }
    return reply(status, {
      id: report.id,
      receipt: report.receipt,
      reference: `ref-${report.id}`,
      notes: ['a note'],
      drill: false,
      challenge: proven ? null : this.challenge,
      uploads: report.media.flatMap((medium, at) => (medium.state === 'awaiting' ? [grantOf(medium, at)] : [])),
    });
  }

  #add(report: Report, call: Call): Reply {
    const key = call.headers?.['Idempotency-Key'] ?? '';
    let medium = this.#additions.get(key);
    if (!medium) {
      const { media } = JSON.parse(call.body ?? '') as { media: [Declared] };
      medium = this.#medium(media[0]);
      this.#additions.set(key, medium);
      report.media.push(medium);
    }
    return reply(201, { uploads: medium.state === 'awaiting' ? [grantOf(medium)] : [] });
  }

  #write(kind: string, call: Call): Reply {
    const key = call.headers?.['Idempotency-Key'] ?? '';
    const text = `${kind}: ${(JSON.parse(call.body ?? '') as { text: string }).text}`;
    if ((this.texts.get(key) ?? text) !== text) return problem(422, 'key_reused');
    this.texts.set(key, text);
    return reply(201, { id: `of-${key}` });
  }

  #complete(medium: Medium): Reply {
    if (medium.state === 'stored') return reply(200, { state: 'processing' });
    const count = Math.ceil(medium.declared.size / PART_SIZE);
    if (medium.parts.size < count) return problem(409, 'parts_missing');
    const parts = [...medium.parts].sort(([one], [other]) => one - other);
    medium.content = Uint8Array.from(parts.flatMap(([, part]) => [...part]));
    medium.state = 'stored';
    return reply(200, { state: 'processing' });
  }

  #store({ method, url }: Upload, content: Uint8Array): Reply {
    const [, id, number] = url.split('/');
    const medium = this.reports.flatMap(({ media }) => media).find((medium) => medium.id === id);
    if (!medium) return { status: 403, body: '', retryAfter: null };
    if (method === 'PUT') {
      if (medium.parts.has(Number(number))) this.twice += 1;
      medium.parts.set(Number(number), content);
      return { status: 200, body: '', retryAfter: null };
    }
    if (number === 'reduced') {
      // It may come again, and after its original: neither does any harm.
      medium.reduced = content;
      return { status: 204, body: '', retryAfter: null };
    }
    if (medium.content) this.twice += 1;
    medium.content = content;
    medium.state = 'stored';
    return { status: 204, body: '', retryAfter: null };
  }

  #medium(declared: Declared): Medium {
    const parts = new Map<number, Uint8Array>();
    const nothing = { content: null, reduced: null };
    return { id: this.#id('M'), declared, parts, ...nothing, state: 'awaiting' };
  }

  #id(letter: string): string {
    this.#ids += 1;
    return `${letter}${this.#ids}`;
  }
}

function grantOf(medium: Medium, index = 0): object {
  const inParts =
    medium.declared.content_type.startsWith('video/') && medium.declared.size > POST_MAX_BYTES;
  return {
    index,
    media_id: medium.id,
    method: inParts ? 'MULTIPART' : 'POST',
    url: inParts ? null : `storage/${medium.id}`,
    fields: inParts ? null : { key: medium.id },
    part_size: inParts ? PART_SIZE : null,
    reduced:
      medium.declared.reduced && !medium.reduced
        ? { url: `storage/${medium.id}/reduced`, fields: { key: medium.id } }
        : null,
  };
}

export function problem(status: number, code: string, more: object = {}): Reply {
  return reply(status, { code, status, title: code, detail: code, ...more });
}

function reply(status: number, content: object, changed: Partial<Reply> = {}): Reply {
  return { status, body: JSON.stringify(content), retryAfter: null, ...changed };
}
