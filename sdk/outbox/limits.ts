import type { components } from '../schema.ts';

type Limits = components['schemas']['Limits'];

/** What the service takes. The catalogue says the same, in `limits`. */
export interface SendingLimits {
  readonly perReport: number;
  readonly perCall: number;
  readonly bytesPerReport: number;
  readonly postMaxBytes: number;
  readonly partsPerCall: number;
  /** The largest file of each type. A type that is missing is not taken. */
  readonly types: Readonly<Record<string, number>>;
}

const MB = 1 << 20;
const [PICTURE, VIDEO, SOUND] = [25 * MB, 500 * MB, 25 * MB];

/** The catalogue's limits when this was written, for a phone that has not read it yet. */
export const SHIPPED: SendingLimits = {
  perReport: 10,
  perCall: 5,
  bytesPerReport: 500 * MB,
  postMaxBytes: 16 * MB,
  partsPerCall: 8,
  types: {
    'image/jpeg': PICTURE,
    'image/png': PICTURE,
    'image/webp': PICTURE,
    'image/heic': PICTURE,
    'image/heif': PICTURE,
    'video/mp4': VIDEO,
    'video/quicktime': VIDEO,
    'video/3gpp': VIDEO,
    'audio/mp4': SOUND,
    'audio/3gpp': SOUND,
    'audio/amr': SOUND,
    'audio/mpeg': SOUND,
    'audio/wav': SOUND,
    'audio/ogg': SOUND,
    'audio/webm': SOUND,
  },
};

/**
 * Return whether an app of this version is older than the catalogue's `app.minimum_version`: then it
 * says "update first". Both are numbers with points.
 */
export function isOlder(version: string, minimum: string): boolean {
  const [mine, least] = [version, minimum].map((each) => each.split('.').map(Number));
  for (const [place, number] of (least ?? []).entries()) {
    const difference = (mine?.[place] ?? 0) - number;
    if (difference !== 0) return difference < 0;
  }
  return false;
}

export function limitsOf(limits: Limits): SendingLimits {
  return {
    perReport: limits.media_per_report,
    perCall: limits.media_per_call,
    bytesPerReport: limits.media_bytes_per_report,
    postMaxBytes: limits.post_max_bytes,
    partsPerCall: limits.parts_per_call,
    types: Object.fromEntries(
      limits.media.map(({ content_type, max_bytes }) => [content_type, max_bytes]),
    ),
  };
}
