/**
 * The reduced picture of a photo: it goes before the photo, so that officers see something in seconds.
 * It is drawn anew from pixels, upright, so it says nothing of the phone, the time or the place.
 */

/** Bytes. */
const MOST = 160_000;
/** A photo that is hardly larger goes alone. */
const WORTH = 2 * MOST;
/** The longer side in pixels, and the quality, from the best. */
const TRIES = [
  [1280, 0.7],
  [1280, 0.5],
  [960, 0.5],
  [640, 0.4],
] as const;
/** Nobody waits longer for one before the words are sent. */
const PATIENCE_MS = 3000;
/** Noise that browsers add against being recognised changes a colour by this much at the most. */
const NOISE = 4;

export type Reduce = (photo: Blob) => Promise<Blob | null>;

const made = new WeakMap<Blob, Promise<Blob | null>>();

/**
 * Return the reduced picture of a photo; null where there is none: it is no photo or is small, or the
 * browser cannot show it or does not let it be drawn as it is. Ask when the photo is chosen: then it is
 * there when it is wanted.
 */
export const reducedOf: Reduce = (photo) => {
  const one = made.get(photo) ?? reduce(photo).catch(() => null);
  made.set(photo, one);
  return one;
};

/** The same for a report that is sent; null as well where it takes too long. */
export const reducedSoon: Reduce = (photo) =>
  Promise.race([
    reducedOf(photo),
    new Promise<null>((resolve) => setTimeout(() => resolve(null), PATIENCE_MS)),
  ]);

async function reduce(photo: Blob): Promise<Blob | null> {
  if (photo.size < WORTH || !photo.type.startsWith('image/') || !isTrue()) return null;
  const picture = await decode(photo);
  try {
    for (const [longest, quality] of TRIES) {
      const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
      const reduced = await encode(picture, scale, quality);
      if (reduced?.type === 'image/jpeg' && reduced.size <= MOST) return reduced;
    }
    return null;
  } finally {
    if ('close' in picture) picture.close();
  }
}

/** Return the photo upright. An old browser loads it as a page does. */
async function decode(photo: Blob): Promise<ImageBitmap | HTMLImageElement> {
  if ('createImageBitmap' in globalThis) {
    // Where the option is not known, a picture is upright anyway.
    const upright = createImageBitmap(photo, { imageOrientation: 'from-image' });
    return upright.catch(() => createImageBitmap(photo));
  }
  const image = new Image();
  const url = URL.createObjectURL(photo);
  try {
    image.src = url;
    await image.decode();
    return image;
  } finally {
    URL.revokeObjectURL(url);
  }
}

async function encode(
  picture: ImageBitmap | HTMLImageElement,
  scale: number,
  quality: number,
): Promise<Blob | null> {
  const [width, height] = [picture.width, picture.height].map((side) => Math.round(side * scale) || 1);
  const [canvas, context] = drawing(width ?? 1, height ?? 1);
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const type = 'image/jpeg';
  if ('convertToBlob' in canvas) return canvas.convertToBlob({ type, quality });
  return new Promise((resolve) => canvas.toBlob(resolve, type, quality));
}

/** Return whether what is drawn can be read back: Tor Browser gives noise or white in its place. */
function isTrue(): boolean {
  const side = 8;
  const [, context] = drawing(side, side);
  const pattern = context.createImageData(side, side);
  pattern.data.forEach((_, at) => {
    pattern.data[at] = at % 4 === 3 ? 255 : (at * 37) % 256;
  });
  context.putImageData(pattern, 0, 0);
  const { data } = context.getImageData(0, 0, side, side);
  return data.every((value, at) => Math.abs(value - (pattern.data[at] ?? 0)) <= NOISE);
}

type Drawing =
  | [OffscreenCanvas, OffscreenCanvasRenderingContext2D]
  | [HTMLCanvasElement, CanvasRenderingContext2D];

function drawing(width: number, height: number): Drawing {
  if ('OffscreenCanvas' in globalThis) {
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d');
    if (context) return [canvas, context];
  }
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d');
  if (!context) throw new Error('no canvas');
  return [canvas, context];
}
