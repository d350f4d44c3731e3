import { signal } from '@preact/signals';

import type { Feature } from '../shared/area.ts';
import { language } from '../shared/language.ts';
import { api } from './service.ts';

/** Where the phone is, by the Geolocation API: in WGS-84. */

export interface Fix {
  readonly lat: number;
  readonly lon: number;
  /** Metres. */
  readonly accuracy: number;
  readonly heading: number | null;
  readonly speed: number | null;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Why there is no place: the person or the browser does not allow it, or it is not found. */
export type NoFix = 'denied' | 'lost' | 'absent';

const PATIENCE_MS = 20_000;
const FRESH_MS = 30_000;

/** Return where the phone is. Rejects with a `NoFix`. */
export function locate(): Promise<Fix> {
  return new Promise((resolve, reject: (reason: NoFix) => void) => {
    const finder = navigator.geolocation as Geolocation | undefined;
    if (!finder) {
      reject('absent');
      return;
    }
    finder.getCurrentPosition(
      ({ coords, timestamp }) =>
        resolve({
          lat: coords.latitude,
          lon: coords.longitude,
          accuracy: coords.accuracy,
          heading: Number.isFinite(coords.heading) ? coords.heading : null,
          speed: Number.isFinite(coords.speed) ? coords.speed : null,
          at: timestamp,
        }),
      (error) => reject(error.code === error.PERMISSION_DENIED ? 'denied' : 'lost'),
      { enableHighAccuracy: true, timeout: PATIENCE_MS, maximumAge: FRESH_MS },
    );
  });
}

/** The districts and the areas of police stations, loaded when a map is first asked for. */
export type AreasState =
  | { readonly state: 'loading' }
  | { readonly state: 'failed' }
  | { readonly state: 'ready'; readonly areas: readonly Feature[] };

export const areas = signal<AreasState>({ state: 'loading' });

export async function loadAreas(): Promise<void> {
  areas.value = { state: 'loading' };
  try {
    const { data } = await api.GET('/v1/areas', {
      headers: { 'Accept-Language': language.value },
    });
    areas.value = data ? { state: 'ready', areas: data.features } : { state: 'failed' };
  } catch {
    areas.value = { state: 'failed' };
  }
}
