/** Send pictures to storage by the grants of the API. */

import type { Schemas, Upload } from './types.ts';

export type PictureType = Schemas['DeclaredPicture']['content_type'];

export const PICTURES: readonly PictureType[] = [
  'image/jpeg',
  'image/png',
  'image/webp',
  'image/heic',
  'image/heif',
];

/** Upload a file. `progress` is called with the percentage. Returns whether storage has it. */
export function upload(
  grant: Upload,
  file: File,
  progress?: (percent: number) => void,
): Promise<boolean> {
  const { url, fields, method } = grant;
  // Pictures are small enough for one request; a grant of parts is for videos.
  if (method !== 'POST' || url === null || fields === null) return Promise.resolve(false);
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  // The last field: storage reads none after it.
  form.append('file', file);
  return new Promise((resolve) => {
    // XMLHttpRequest, since fetch does not say how much was sent.
    const request = new XMLHttpRequest();
    request.open('POST', url);
    request.upload.onprogress = ({ loaded, total }) => progress?.(Math.floor((loaded / total) * 100));
    request.onload = () => resolve(request.status >= 200 && request.status < 300);
    request.onerror = () => resolve(false);
    request.onabort = () => resolve(false);
    request.send(form);
  });
}
