/** Where the names of a map stand: none lies on another one, on a sign, or beyond the edge. */

export interface Wanted {
  text: string;
  /** Where it stands if there is room, in pixels: its middle. */
  x: number;
  y: number;
  /** The height of its letters in pixels. */
  size: number;
}

export interface Placed<T extends Wanted> {
  label: T;
  x: number;
  y: number;
}

export interface Rect {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

const HAN = /[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]/u;
const GAP = 3;
// Between two names on a line: as wide as a space, so that they are not read as one.
const APART = 8;
// Steps away from its place: across in widths of the name, down in heights of a line.
const STEPS = [
  [0, 0],
  [0, -1],
  [0, 1],
  [0, -2],
  [0, 2],
  [-0.6, 0],
  [0.6, 0],
  [-0.6, -1],
  [0.6, -1],
  [-0.6, 1],
  [0.6, 1],
  [-0.6, 2],
  [0.6, 2],
] as const;

/**
 * Return the names that have room on a map of `width` and `height`, the first ones first. `signs` are
 * what no name may cover.
 */
export function placed<T extends Wanted>(
  wanted: readonly T[],
  signs: readonly Rect[],
  width: number,
  height: number,
): Placed<T>[] {
  const taken = [...signs];
  const found: Placed<T>[] = [];
  for (const label of wanted) {
    const across = widthOf(label.text, label.size);
    const line = lineOf(label);
    for (const [right, down] of STEPS) {
      const x = within(label.x + right * across, across / 2, width);
      const y = within(label.y + down * line, line / 2, height);
      const rect = rectAt(label, x, y);
      if (taken.some((other) => overlap(other, rect))) continue;
      taken.push(rect);
      found.push({ label, x, y });
      break;
    }
  }
  return found;
}

/** Return what a name takes of the map when its middle is at a point. */
export function rectAt(label: Wanted, x: number, y: number): Rect {
  const across = widthOf(label.text, label.size);
  const line = lineOf(label);
  return { left: x - across / 2, top: y - line / 2, right: x + across / 2, bottom: y + line / 2 };
}

function lineOf({ size }: Wanted): number {
  return size * 1.25;
}

/** Return about how wide a text is, in pixels. */
export function widthOf(text: string, size: number): number {
  return [...text].reduce((sum, letter) => sum + (HAN.test(letter) ? 1 : 0.63), 0) * size;
}

function within(middle: number, half: number, whole: number): number {
  return Math.min(Math.max(middle, half + GAP), Math.max(half + GAP, whole - half - GAP));
}

/** Return whether two names would be read as one. */
export function overlap(one: Rect, other: Rect): boolean {
  return (
    one.left < other.right + APART &&
    one.right > other.left - APART &&
    one.top < other.bottom &&
    one.bottom > other.top
  );
}
