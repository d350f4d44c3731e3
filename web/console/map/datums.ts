/** A place in the coordinate systems that maps in China use. */

import gcoord from 'gcoord';
import type { CityMap, Datum } from 'virtual:city-map';

import type { Point } from '../../shared/area.ts';

export const DATUM_NAMES: Record<Datum, string> = { wgs84: 'WGS-84', gcj02: 'GCJ-02', bd09: 'BD-09' };

// So many digits behind the point are a metre.
const DIGITS = 5;

/**
 * Return a place, which is in WGS-84, in another datum, to within a metre. Outside China neither of
 * them shifts anything, as in the service.
 */
export function inDatum(place: Point, datum: Datum): Point {
  const given: [number, number] = [place.lon, place.lat];
  const shifted = gcoord.transform(given, gcoord.WGS84, gcoord.GCJ02);
  if (datum === 'wgs84' || (shifted[0] === place.lon && shifted[1] === place.lat)) return place;
  const to = datum === 'bd09' ? gcoord.BD09 : gcoord.GCJ02;
  const [lon, lat] = gcoord.transform(shifted, gcoord.GCJ02, to);
  return { lat, lon };
}

/** Return coordinates as people copy them: latitude first. */
export function written({ lat, lon }: Point): string {
  return `${lat.toFixed(DIGITS)}, ${lon.toFixed(DIGITS)}`;
}

/** Return the address of a place on somebody else's map, in the datum that it needs. */
export function addressOn({ url, datum }: CityMap['maps'][number], place: Point): string {
  const { lat, lon } = inDatum(place, datum);
  return url.replace('{lat}', lat.toFixed(DIGITS)).replace('{lon}', lon.toFixed(DIGITS));
}
