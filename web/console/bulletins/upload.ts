/** Pictures on their way into storage, by the grants of the API. */

import type { components } from '../../shared/schema';
import { ok } from '../parts/asking.ts';
import type { Api } from '../types.ts';

type Schemas = components['schemas'];
type Grant = Schemas['Upload'];
type Declared = Schemas['DeclaredPicture'];

const TYPES: readonly Declared['content_type'][] = [
  'image/jpeg',
  'image/png',
  'image/webp',
  'image/heic',
  'image/heif',
];
/** What a file chooser offers. */
export const ACCEPTED = TYPES.join(',');

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
    if (!grant || !(await upload(file, grant))) failed.push(file.name);
  }
  return failed;
}

/** Return a picture as it is declared to the API. A type that it does not know is left to it to refuse. */
function declared(file: File): Declared {
  // Some systems know no type for HEIC.
  const byName = /\.hei[cf]$/i.test(file.name) ? 'image/heic' : file.type;
  return { content_type: byName as Declared['content_type'], size: file.size };
}

/** Upload a file by its grant. Returns whether storage took it. */
async function upload(file: File, grant: Grant): Promise<boolean> {
  const form = new FormData();
  for (const [name, value] of Object.entries(grant.fields ?? {})) form.append(name, value);
  // The last field: storage reads none after it.
  form.append('file', file);
  try {
    const response = await fetch(grant.url ?? '', {
      method: 'POST',
      body: form,
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
    });
    return response.ok;
  } catch {
    return false;
  }
}
