/**
 * The catalogue: categories with their questions, channels, limits. The last one is kept by the
 * page, so that a report can be begun without a network. It is public and the same for everybody.
 */
import { computed, signal } from '@preact/signals';

import type { Schemas } from '../shared/api.ts';
import { language, preferred } from '../shared/language.ts';
import { type Category, isOpen } from './form.ts';
import { api } from './service.ts';

export type Catalogue = Schemas['Catalogue'];

const PLACE = 'tipline.catalogue';

export const catalogue = signal<Catalogue | null>(null);
/** `kept`: shown as it was the last time, since the service cannot be reached. */
export const catalogueState = signal<'loading' | 'fresh' | 'kept' | 'failed'>('loading');

/** What the start screen shows: neither trials nor what is retired. */
export const categories = computed<readonly Category[]>(() =>
  (catalogue.value?.categories ?? []).filter(
    ({ state }) => state === 'active' || state === 'planned' || state === 'paused',
  ),
);

export function categoryOf(code: string): Category | undefined {
  return catalogue.value?.categories.find((category) => category.code === code);
}

/** Return the open categories whose reports lead to a channel's bulletins, the likeliest first. */
export function leadCategories(channelCode: string): readonly Category[] {
  const channel = catalogue.value?.channels.find(({ code }) => code === channelCode);
  return (channel?.fed_by ?? []).flatMap(
    (code) => categories.value.find((category) => category.code === code && isOpen(category)) ?? [],
  );
}

/** Load the catalogue in the page's language. */
export async function loadCatalogue(): Promise<void> {
  const tongue = language.value;
  const kept = read(tongue);
  if (kept) catalogue.value = kept;
  // What is shown as old stays so until it is known better. Not read as a signal: whatever loads the
  // catalogue for a language would do so again and again.
  if (!kept || catalogueState.peek() !== 'kept') catalogueState.value = 'loading';
  try {
    const { data } = await api.GET('/v1/catalogue', { headers: { 'Accept-Language': tongue } });
    if (tongue !== language.value) return;
    if (data) {
      catalogue.value = data;
      keep(tongue, data);
      catalogueState.value = 'fresh';
      return;
    }
  } catch {
    // No network, or a page of a hotel's: what was kept is better than nothing.
  }
  if (tongue === language.value) catalogueState.value = catalogue.value ? 'kept' : 'failed';
}

function read(tongue: string): Catalogue | null {
  try {
    const text = localStorage.getItem(`${PLACE}.${tongue}`);
    return text === null ? null : (JSON.parse(text) as Catalogue);
  } catch {
    return null;
  }
}

/** Only what each visit keeps: one that was asked for by the switch would show that somebody pressed it. */
function keep(tongue: string, fresh: Catalogue): void {
  if (tongue !== preferred(navigator.languages)) return;
  try {
    // A challenge is for these minutes only.
    localStorage.setItem(`${PLACE}.${tongue}`, JSON.stringify({ ...fresh, challenge: null }));
  } catch {
    // The browser keeps nothing: the page works without.
  }
}
