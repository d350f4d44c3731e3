/** The bulletins of the police. They are not kept: a withdrawn one must not stay on a phone. */

import { signal } from '@preact/signals';

import type { Schemas } from '../shared/api.ts';
import { language } from '../shared/language.ts';
import { catalogue, leadCategories, loadCatalogue } from './catalogue.ts';
import { go, screen } from './screen.ts';
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

/** A report on a bulletin: begun on its card, or by the link of its page, `/#bulletin=<id>`. */
const LINK = /^#bulletin=([A-Za-z0-9_-]{1,40})$/;
/** One's own report, by the QR code of its receipt. */
const OWN = /^#receipt=([0-9A-Z]{1,40})$/;

/** Return what people call a bulletin. */
export function titleOf(bulletin: Bulletin): string {
  return spoken(bulletin.title) || bulletin.channel_label;
}

/** Return whether reports on a bulletin are asked for. */
export function takesLeads(bulletin: Bulletin): boolean {
  return bulletin.state === 'published';
}

/** Begin a report on a bulletin. */
export async function beginLead(bulletin: Bulletin): Promise<void> {
  const { id, channel, media } = bulletin;
  // It says which category a lead has: nobody is asked what is known.
  if (!catalogue.value) await loadCatalogue();
  go({
    name: 'write',
    category: leadCategory(channel),
    bulletin: { id, title: titleOf(bulletin), channel, picture: media[0] && addressOf(media[0]) },
  });
}

/** Return where a picture is: where the page comes from, whatever the service calls its address. */
export function addressOf({ url }: Bulletin['media'][number]): string {
  const { pathname } = new URL(url, location.href);
  return pathname.slice(Math.max(0, pathname.indexOf('/v1/')));
}

/**
 * Follow the link that this page was opened by, and each that comes while it is open. Call it once.
 * It is taken from the address at once, which must not tell what was done.
 */
export function followLinks(): void {
  addEventListener('hashchange', () => void followLink());
  void followLink();
}

async function followLink(): Promise<void> {
  const { hash } = location;
  const [id, receipt] = [LINK.exec(hash)?.[1], OWN.exec(hash)?.[1]];
  if (!id && !receipt) return;
  history.replaceState(history.state, '', location.pathname);
  if (receipt && screen.value.name === 'start') go({ name: 'mine', receipt });
  if (!id) return;
  try {
    const path = { bulletin_id: id };
    const [{ data }] = await Promise.all([
      api.GET('/v1/bulletins/{bulletin_id}', { params: { path } }),
      loadCatalogue(),
    ]);
    if (data && takesLeads(data) && screen.value.name === 'start') await beginLead(data);
  } catch {
    // Without a network the first screen is a good place to be.
  }
}

/**
 * Return the category of a lead: the only one whose reports lead to the channel, or else none. Then
 * the page offers those first.
 */
function leadCategory(channelCode: string): string {
  const likely = leadCategories(channelCode);
  return likely.length === 1 ? (likely[0]?.code ?? '') : '';
}
