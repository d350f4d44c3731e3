/** How a bulletin is saved: its content first, then its pictures. */

import { useRef, useState } from 'preact/hooks';
import { ok, type Step, useStep } from '../parts/asking.ts';
import type { Api } from '../types.ts';
import type { Bulletin } from './changes.ts';
import { changeOf, draftOf, type Written } from './form.ts';
import { addPictures } from './upload.ts';

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
