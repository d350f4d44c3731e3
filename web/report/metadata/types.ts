/** What may stay in a file. Everything else that names a person, a phone or a place is cut. */
export interface Keep {
  readonly place: boolean;
  readonly time: boolean;
}

/**
 * What was found and cut. `device`: maker, model, serial numbers, maker notes. `text`: names,
 * comments, captions. `thumbnail`: a small copy, which may show more than the picture. `appended`:
 * something behind the picture, such as the film of a moving photo. `tracks`: what sensors recorded
 * beside a film. `other`: blocks of which nothing is known.
 */
export type Removed =
  | 'place'
  | 'time'
  | 'device'
  | 'text'
  | 'thumbnail'
  | 'appended'
  | 'tracks'
  | 'other';

/** A file as it is sent. */
export interface Cut {
  readonly blob: Blob;
  /** The media type to declare, by the file's bytes; by its name if these are unknown. */
  readonly type: string;
  readonly removed: readonly Removed[];
  /** False: something of its structure is unknown or damaged, so something may have stayed. */
  readonly known: boolean;
}

/** The phone does not let us read the file. It is gone, or was changed since it was chosen. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}
