import type { Medium } from '../types.ts';

export interface Picture {
  id: string;
  url: string;
}

/** Return what of the media can be seen large, in the order by which each is numbered. */
export function picturesOf(media: readonly Medium[]): Picture[] {
  return media.flatMap(({ media_id: id, preview_url: url }) => (url === null ? [] : [{ id, url }]));
}
