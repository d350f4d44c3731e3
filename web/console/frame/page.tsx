/** Which page stands at which path. */

import { useEffect } from 'preact/hooks';

import { AdminPage } from '../admin/page.tsx';
import { BulletinsPage } from '../bulletins/page.tsx';
import { DashboardPage } from '../dashboard/page.tsx';
import { useDesk } from '../desk.ts';
import { EntryPage } from '../entry/page.tsx';
import { ExportPage } from '../export/page.tsx';
import { MapPage } from '../map/page.tsx';
import { QueuePage } from '../queue/page.tsx';
import { ReportPage } from '../report/page.tsx';
import { seesReports } from '../roles.ts';
import { pathTo, type Route } from '../router.ts';
import { SearchPage } from '../search/page.tsx';
import { frameTexts } from './texts.ts';

export function Page({ route }: { route: Route }) {
  const { api, me } = useDesk();
  const title = frameTexts().titles[route.page];
  useEffect(() => {
    // No number and no name: titles stay in the browser's history.
    document.title = title;
  }, [title]);
  switch (route.page) {
    case 'queue':
      return seesReports(me) ? <QueuePage /> : <AdminPage api={api} me={me} />;
    case 'report':
      return <ReportPage key={route.id} id={route.id} />;
    case 'entry':
      return <EntryPage />;
    case 'search':
      return <SearchPage />;
    case 'map':
      return <MapPage />;
    case 'export':
      return <ExportPage key={route.id} id={route.id} />;
    case 'bulletins':
      return <BulletinsPage api={api} me={me} />;
    case 'dashboard':
      return <DashboardPage api={api} me={me} />;
    case 'admin':
      return <AdminPage api={api} me={me} />;
    default:
      return <NotFound />;
  }
}

function NotFound() {
  const t = frameTexts();
  return (
    <>
      <h1>{t.notFound}</h1>
      <p>
        <a href={pathTo('')}>{t.toQueue}</a>
      </p>
    </>
  );
}
