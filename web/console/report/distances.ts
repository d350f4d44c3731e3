/** How far a place is known, in words. */

import { isVague } from '../map/district-map.tsx';
import { reportTexts } from './texts.ts';

/** Return a distance as people say it: no finer than it is known. */
export function distance(metres: number): string {
  const { place } = reportTexts();
  if (metres < 100) return place.metres(Math.round(metres));
  if (metres < 1000) return place.metres(Math.round(metres / 10) * 10);
  return place.kilometres(Math.round(metres / 100) / 10);
}

/** Return what is said of a place that is no point, such as a district; null for one that is. */
export function aboutText(metres: number | undefined): string | null {
  if (metres === undefined || !isVague({ within: metres })) return null;
  return reportTexts().place.about(distance(metres));
}
