/** Regions of a picture, in fractions from 0 to 1 of its width and height. */

import type { Region } from '../types.ts';

export const MOST_REGIONS = 50;
// Smaller than that is a slip of the hand.
const LEAST = 0.005;

/** Return the region between two corners, inside the picture; null if it is too small to be meant. */
export function regionBetween(
  from: { x: number; y: number },
  to: { x: number; y: number },
): Region | null {
  const [left, right] = [inside(Math.min(from.x, to.x)), inside(Math.max(from.x, to.x))];
  const [top, bottom] = [inside(Math.min(from.y, to.y)), inside(Math.max(from.y, to.y))];
  const region = { x: left, y: top, width: right - left, height: bottom - top };
  return region.width < LEAST || region.height < LEAST ? null : rounded(region);
}

/** Return a region with one side changed, kept inside the picture. */
export function withSide(region: Region, side: keyof Region, value: number): Region {
  const next = { ...region, [side]: inside(Number.isFinite(value) ? value : 0) };
  const x = Math.min(next.x, 1 - LEAST);
  const y = Math.min(next.y, 1 - LEAST);
  return rounded({
    x,
    y,
    width: Math.min(Math.max(next.width, LEAST), 1 - x),
    height: Math.min(Math.max(next.height, LEAST), 1 - y),
  });
}

function inside(value: number): number {
  return Math.min(1, Math.max(0, value));
}

/** Round down to four digits, so that left and width never come to more than 1. */
function rounded({ x, y, width, height }: Region): Region {
  const round = (value: number) => Math.floor(value * 10_000 + 1e-6) / 10_000;
  return { x: round(x), y: round(y), width: round(width), height: round(height) };
}
