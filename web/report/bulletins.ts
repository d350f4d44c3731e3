/** The bulletins of the police. They are not kept: a withdrawn one must not stay on a phone. */
import { signal } from '@preact/signals';

import type { Schemas } from '../shared/api.ts';
import { language } from '../shared/language.ts';
import { api } from './service.ts';

export type Bulletin = Schemas['PublicBulletin'];

const PAGE = 10;

export const bulletins = signal<readonly Bulletin[]>([]);
export const bulletinsState = signal<'loading' | 'ready' | 'failed'>('loading');
export const nextBulletins = signal<string | null>(null);

/** Load the newest bulletins of one channel, or of all. */
export async function loadBulletins(channel: string | null): Promise<void> {
  bulletinsState.value = 'loading';
  bulletins.value = [];
  await load(channel, null);
}

export async function loadOlder(channel: string | null): Promise<void> {
  await load(channel, nextBulletins.value);
}

/** Return a text of a bulletin in the page's language, or else in any. */
export function spoken(text: Schemas['LocalizedText'] | null): string {
  if (!text) return '';
  const all = text as Readonly<Record<string, string | null | undefined>>;
  return all[language.value] ?? Object.values(all).find(Boolean) ?? '';
}

async function load(channel: string | null, cursor: string | null): Promise<void> {
  try {
    const { data } = await api.GET('/v1/bulletins', {
      params: {
        query: {
          limit: PAGE,
          ...(channel ? { channel } : {}),
          ...(cursor ? { cursor } : {}),
        },
      },
    });
    if (!data) throw new Error('no bulletins');
    bulletins.value = [...(cursor ? bulletins.value : []), ...data.items];
    nextBulletins.value = data.next_cursor;
    bulletinsState.value = 'ready';
  } catch {
    bulletinsState.value = 'failed';
  }
}
