/** A bulletin as it is opened: its newest version, and the record of all of them. */

import { useRef, useState } from 'preact/hooks';

import { outcomeOf } from '../calls.ts';
import { ok, Refused, type Step, useStep } from '../parts/asking.tsx';
import type { Api, Schemas } from '../types.ts';
import { upload } from '../upload.ts';
import type { Bulletin, History } from './changes.ts';
import { changeOf, draftOf, type Written } from './form.ts';
import type { Shown } from './preview.tsx';

export interface Opened {
  bulletin: Bulletin;
  history: History;
  /** Of the opening: what approves or declines exactly this version. */
  etag: string;
}

/** Read both. Raises Refused. */
export async function openBulletin(api: Api, id: string): Promise<Opened> {
  const params = { path: { bulletin_id: id } };
  const opening = await outcomeOf(api.GET('/v1/officer/bulletins/{bulletin_id}', { params }));
  if (!opening.ok) throw new Refused(opening.failure);
  const history = await ok(api.GET('/v1/officer/bulletins/{bulletin_id}/history', { params }));
  return { bulletin: opening.data, history, etag: opening.response.headers.get('ETag') ?? '' };
}

/** Return the pictures of the version that cannot be shown yet. */
export function unready(bulletin: Bulletin): Bulletin['media'] {
  return bulletin.media.filter((picture) => picture.shown && picture.state !== 'ready');
}

/** Return the pictures that an approval has left out, and that are not ready yet. */
export function late(bulletin: Bulletin): Bulletin['media'] {
  return bulletin.media.filter((picture) => picture.late);
}

/** Return the pictures of the version, in their order. */
export function shownPictures(bulletin: Bulletin): Shown[] {
  return bulletin.media
    .filter((picture) => picture.shown)
    .map((picture) => ({ id: picture.media_id, url: picture.preview_url, state: picture.state }));
}

/** How a bulletin is saved: its content first, then its pictures. */
export interface Saving {
  step: Step;
  /** What it is saved on top of: the newest version that the officer knows. */
  base: Bulletin | null;
  /** The version that the officer began with, when a colleague has made a newer one. */
  stale: Bulletin | null;
  /** The name of the file that is on its way. */
  uploading: string | null;
  /** What could not be uploaded. The content is saved. */
  failed: { id: string; names: string[] } | null;
  save: (form: Written, files: readonly File[]) => Promise<void>;
  leave: (id: string) => void;
}

export function useSaving(
  api: Api,
  bulletin: Bulletin | null,
  districts: readonly string[],
  leave: (id: string) => void,
): Saving {
  const step = useStep();
  const [base, setBase] = useState(bulletin);
  const [stale, setStale] = useState<Bulletin | null>(null);
  const [uploading, setUploading] = useState<string | null>(null);
  const [failed, setFailed] = useState<Saving['failed']>(null);
  // The same for each attempt, so that a draft is made once.
  const key = useRef(crypto.randomUUID());

  const save = async (form: Written, files: readonly File[]) => {
    await step.run(
      async () => {
        const id = base
          ? await change(api, base, changeOf(form, base, districts))
          : await create(api, key.current, form);
        const names = await addPictures(api, id, files, setUploading);
        setUploading(null);
        if (names.length) setFailed({ id, names });
        else leave(id);
      },
      async (failure) => {
        if (failure.status !== 412 || base === null) return false;
        const params = { path: { bulletin_id: base.id } };
        setStale(base);
        setBase(await ok(api.GET('/v1/officer/bulletins/{bulletin_id}', { params })));
        return true;
      },
    );
  };
  return { step, base, stale, uploading, failed, save, leave };
}

async function create(api: Api, key: string, form: Written): Promise<string> {
  const params = { header: { 'Idempotency-Key': key } };
  const draft = await ok(api.POST('/v1/officer/bulletins', { params, body: draftOf(form) }));
  return draft.id;
}

async function change(api: Api, base: Bulletin, body: ReturnType<typeof changeOf>): Promise<string> {
  if (Object.keys(body).length > 0) {
    const header = { 'If-Match': `"${base.version}"` };
    const params = { path: { bulletin_id: base.id }, header };
    await ok(api.PATCH('/v1/officer/bulletins/{bulletin_id}', { params, body }));
  }
  return base.id;
}

type Declared = Schemas['DeclaredPicture'];

/**
 * Add pictures to a bulletin. Returns the names of the files that storage did not take; raises
 * Refused when the API takes none of them.
 */
export async function addPictures(
  api: Api,
  id: string,
  files: readonly File[],
  progress: (name: string) => void,
): Promise<string[]> {
  if (files.length === 0) return [];
  const params = {
    path: { bulletin_id: id },
    header: { 'Idempotency-Key': crypto.randomUUID() },
  };
  const body = { media: files.map(declared) };
  const { uploads } = await ok(
    api.POST('/v1/officer/bulletins/{bulletin_id}/media', { params, body }),
  );
  const failed: string[] = [];
  for (const [index, file] of files.entries()) {
    progress(file.name);
    const grant = uploads[index];
    if (!grant || !(await upload(grant, file))) failed.push(file.name);
  }
  return failed;
}

/** Return a picture as it is declared to the API. A type that it does not know is left to it to refuse. */
function declared(file: File): Declared {
  // Some systems know no type for HEIC.
  const byName = /\.hei[cf]$/i.test(file.name) ? 'image/heic' : file.type;
  return { content_type: byName as Declared['content_type'], size: file.size };
}
