/** The pages that are loaded when they are shown, each with its own program and styles. The queue comes
 * with the frame: it is the first one.
 */

import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { Button, Spinner } from '../../shared/components/button.tsx';
import { texts } from '../../shared/language.ts';

type Shown = ComponentType<{ id: string }>;

const PAGES = {
  admin: async () => (await import('../admin/page.tsx')).AdminPage,
  bulletins: async () => (await import('../bulletins/page.tsx')).BulletinsPage,
  burst: async () => (await import('../bursts/page.tsx')).BurstPage,
  dashboard: async () => (await import('../dashboard/page.tsx')).DashboardPage,
  entry: async () => (await import('../entry/page.tsx')).EntryPage,
  export: async () => (await import('../export/page.tsx')).ExportPage,
  incident: async () => (await import('../incidents/page.tsx')).IncidentPage,
  map: async () => (await import('../map/page.tsx')).MapPage,
  openings: async () => (await import('../openings/page.tsx')).OpeningsPage,
  report: async () => (await import('../report/page.tsx')).ReportPage,
  request: async () => (await import('../requests/page.tsx')).RequestPage,
  requests: async () => (await import('../requests/list.tsx')).RequestsPage,
  search: async () => (await import('../search/page.tsx')).SearchPage,
} satisfies Record<string, () => Promise<Shown>>;

type Name = keyof typeof PAGES;

const loaded = new Map<Name, Shown>();

/** Load all pages, one after the other: a later press waits for none, and a deployment meanwhile takes
 * none away.
 */
export async function loadPages(): Promise<void> {
  for (const name of Object.keys(PAGES) as Name[]) await load(name).catch(() => null);
}

async function load(name: Name): Promise<void> {
  if (!loaded.has(name)) loaded.set(name, await PAGES[name]());
}

/** A page, as soon as it is loaded. `id` is what it shows, if it is of one thing. */
export function Later({ page, id = '' }: { page: Name; id?: string }) {
  const [gone, setGone] = useState<Name | null>(null);
  const [, setHere] = useState<Name | null>(null);
  useEffect(() => {
    load(page).then(
      () => setHere(page),
      () => setGone(page),
    );
  }, [page]);
  const Loaded = loaded.get(page);
  if (Loaded) return <Loaded id={id} />;
  return gone === page ? <Gone /> : <Spinner label={pagesTexts().loading} />;
}

/** There was a deployment since the console was opened, or there is no network. */
function Gone() {
  const t = pagesTexts();
  return (
    <>
      <h1>{t.gone}</h1>
      <p>{t.why}</p>
      <Button kind="primary" onClick={() => location.reload()}>
        {t.reload}
      </Button>
    </>
  );
}

const pagesTexts = texts({
  en: {
    loading: 'Loading the page…',
    gone: 'This page could not be loaded',
    why: 'There is a new version of the console, or no connection. Reload to go on; the browser asks first if something is not sent.',
    reload: 'Reload',
  },
  zh: {
    loading: '正在加载页面……',
    gone: '页面没有加载成功',
    why: '工作台已更新，或网络中断。请重新加载；如有未发送的内容，浏览器会先询问。',
    reload: '重新加载',
  },
});
