/** The districts and the areas of police stations, loaded when a map is first asked for. */
import { computed, signal } from '@preact/signals';

import { language } from '../shared/language.ts';
import type { Feature } from '../shared/area.ts';
import { api } from './service.ts';

export type AreasState =
  | { readonly state: 'loading' }
  | { readonly state: 'failed' }
  | { readonly state: 'ready'; readonly areas: readonly Feature[] };

export const areas = signal<AreasState>({ state: 'loading' });
export const hasAreas = computed(() => areas.value.state === 'ready');

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
