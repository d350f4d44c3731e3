/** A small picture, and a video of any size. */

export function picture(name = 'photo.jpg'): File {
  const bytes = [0xff, 0xd8, 0xff, 0xc0, 0, 4, 1, 2, 0xff, 0xda, 0, 2, 5, 6, 7, 0xff, 0xd9];
  return new File([Uint8Array.from(bytes)], name, { type: 'image/jpeg' });
}

export function video(size: number, name = 'video.mp4'): File {
  const bytes = new Uint8Array(size).map((_, at) => at % 251);
  bytes.set([0, 0, 0, 16, ...new TextEncoder().encode('ftypisom'), 0, 0, 0, 0]);
  return new File([bytes], name, { type: 'video/mp4' });
}
