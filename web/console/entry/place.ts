/** Where it was, as an officer enters it: a district, a point, or both; and what is wrong with it. */

import { digits, oneLine } from '../../shared/answers.ts';
import { contains, type Feature, innerPoint, type Point, reach } from '../../shared/area.ts';
import { parted } from '../../shared/joined.ts';
import type { Schemas } from '../types.ts';

/** As it is typed: everything is text. */
export interface EnteredPlace {
  /** The code of a district or of the area of a station; empty for none. */
  area: string;
  address: string;
  lat: string;
  lon: string;
  /** How many metres a point may be off that was tapped on the map; null for one that was typed. */
  within: number | null;
}

export type PlaceField = 'area' | 'address' | 'lat' | 'lon';

export interface PlaceFault {
  field: PlaceField;
  fault: 'districtOfAddress' | 'missing' | 'degrees' | 'otherArea' | 'long';
  /** Of a text that is too long. */
  most?: number;
}

export const NO_PLACE: EnteredPlace = { area: '', address: '', lat: '', lon: '', within: null };

// Those of the API.
const ADDRESS_MAX = 200;
const ACCURACY_MAX = 100_000;
const MOST_DEGREES = { lat: 90, lon: 180 };

/** Return what keeps a place from being sent as it was entered: nothing of it is left out. */
export function placeFaults(place: EnteredPlace, areas: readonly Feature[]): PlaceFault[] {
  const faults = pointFaults(place);
  const point = pointOf(place);
  const area = areaOf(place, areas);
  if (point && area && !contains(area, point)) faults.push({ field: 'lat', fault: 'otherArea' });
  const address = oneLine(place.address);
  const isAlone = !area && !place.lat.trim() && !place.lon.trim();
  if (address && isAlone) faults.unshift({ field: 'area', fault: 'districtOfAddress' });
  const over = addressOf(place, area).length - ADDRESS_MAX;
  if (over > 0) faults.push({ field: 'address', fault: 'long', most: address.length - over });
  return faults;
}

/**
 * Return the location of a report, or null when none was entered. A district without a point is one
 * well inside it, known to its farthest corner, with the name of the district before the address.
 */
export function locationOf(
  place: EnteredPlace,
  areas: readonly Feature[],
): Schemas['Location'] | null {
  const area = areaOf(place, areas);
  const point = pointOf(place) ?? (area ? innerPoint(area) : null);
  if (!point) return null;
  const within = pointOf(place) ? place.within : area ? reach(area, point) : null;
  const address = addressOf(place, area);
  return {
    lat: round(point.lat),
    lon: round(point.lon),
    ...(within !== null && { accuracy_m: Math.min(Math.ceil(within), ACCURACY_MAX) }),
    ...(address && { address }),
  };
}

/** Return the area that was chosen. */
export function areaOf(
  { area }: Pick<EnteredPlace, 'area'>,
  areas: readonly Feature[],
): Feature | undefined {
  return areas.find(({ properties }) => properties.code === area);
}

/** Return the point that was entered; null for none, or half of one. */
export function pointOf({ lat, lon }: Pick<EnteredPlace, 'lat' | 'lon'>): Point | null {
  const [north, east] = [degrees(lat, 'lat'), degrees(lon, 'lon')];
  return north === null || east === null ? null : { lat: north, lon: east };
}

function pointFaults({ lat, lon }: EnteredPlace): PlaceFault[] {
  const given = { lat: lat.trim(), lon: lon.trim() };
  if (!given.lat && !given.lon) return [];
  return (['lat', 'lon'] as const).flatMap((field): PlaceFault[] => {
    if (!given[field]) return [{ field, fault: 'missing' }];
    return degrees(given[field], field) === null ? [{ field, fault: 'degrees' }] : [];
  });
}

/** A point says by itself where it is; an area is said in words, too. */
function addressOf(place: EnteredPlace, area: Feature | undefined): string {
  const address = oneLine(place.address);
  if (pointOf(place) || !area) return address;
  return parted([area.properties.label, address]);
}

function degrees(typed: string, field: 'lat' | 'lon'): number | null {
  const text = digits(typed).trim();
  if (!/^[-+]?\d{1,3}(\.\d+)?$/.test(text)) return null;
  const number = Number(text);
  return Math.abs(number) <= MOST_DEGREES[field] ? number : null;
}

/** Six digits behind the point are a tenth of a metre: more says nothing. */
function round(number: number): number {
  return Math.round(number * 1e6) / 1e6;
}
