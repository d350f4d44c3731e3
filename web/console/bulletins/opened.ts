/** A bulletin as it is opened: its newest version, and the record of all of them. */

import { ok } from '../parts/asking.ts';
import type { Api } from '../types.ts';
import type { Bulletin, History } from './changes.ts';
import type { Shown } from './preview.tsx';

export interface Opened {
  bulletin: Bulletin;
  history: History;
}

/** Read both. Raises Refused. */
export async function openBulletin(api: Api, id: string): Promise<Opened> {
  const params = { path: { bulletin_id: id } };
  const bulletin = await ok(api.GET('/v1/officer/bulletins/{bulletin_id}', { params }));
  const history = await ok(api.GET('/v1/officer/bulletins/{bulletin_id}/history', { params }));
  return { bulletin, history };
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
