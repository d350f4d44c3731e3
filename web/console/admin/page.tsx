import { useDesk } from '../desk.ts';
import { isAdmin } from '../types.ts';
import { APPOINT, DESTINATIONS, OFFICERS, path, pathTo, routeOf } from '../router.ts';
import { Awaiting } from './awaiting.tsx';
import { CatalogueAdmin } from './catalogue.tsx';
import { DestinationsPage } from './destinations.tsx';
import { Mine } from './mine.tsx';
import { NewOfficer, OpenedOfficer } from './opened-officer.tsx';
import { OfficerList } from './officer-list.tsx';
import { Shifts } from './shifts.tsx';
import { text } from './texts.ts';
import '../parts/lists.css';
import './admin.css';

type Part = keyof ReturnType<typeof text>['parts'];

const FOR_ADMINS: readonly Part[] = ['officers', 'shifts', 'catalogue', DESTINATIONS, 'waiting', 'me'];
const FOR_OFFICERS: readonly Part[] = ['waiting', 'shifts', 'me'];

/** What is administered, and an officer's own settings. Each sees the parts that are theirs. */
export function AdminPage() {
  const { me } = useDesk();
  const route = routeOf(path.value);
  const parts = isAdmin(me) ? FOR_ADMINS : FOR_OFFICERS;
  const rest = (route.page === 'admin' && route.part) || parts[0] || 'me';
  const part = rest.split('/')[0] === APPOINT ? OFFICERS : rest.split('/')[0];
  return (
    <div class="administration">
      <h1>{text().title}</h1>
      <nav class="parts" aria-label={text().navigation}>
        {parts.map((each) => (
          <a
            key={each}
            href={pathTo(`admin/${each}`)}
            aria-current={each === part ? 'page' : undefined}
          >
            {text().parts[each]}
          </a>
        ))}
      </nav>
      {parts.some((each) => each === part) ? (
        <Shown rest={rest} />
      ) : (
        <p>{text().notYours}</p>
      )}
    </div>
  );
}

function Shown({ rest }: { rest: string }) {
  const [part, name] = rest.split('/');
  switch (part) {
    case APPOINT:
      return <NewOfficer />;
    case OFFICERS:
      return name ? (
        <OpenedOfficer key={name} username={name} />
      ) : (
        <OfficerList />
      );
    case 'shifts':
      return <Shifts />;
    case 'catalogue':
      return <CatalogueAdmin />;
    case DESTINATIONS:
      return <DestinationsPage name={name} />;
    case 'waiting':
      return <Awaiting />;
    default:
      return <Mine />;
  }
}
