import { useEffect, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { choicesOf, Select } from '../../shared/components/choices.tsx';
import { language } from '../../shared/language.ts';
import { clock } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { ok, useLoaded, Waiting } from '../parts/asking.tsx';
import { Back } from '../parts/back.tsx';
import { Group, Row } from '../parts/lists.tsx';
import { bulletinPath, go, NEW_BULLETIN, path, pathTo, routeOf } from '../router.ts';
import type { Api, Schemas } from '../types.ts';
import { grouped, type Groups, type ListedBulletin } from './approvals.ts';
import { Editor } from './editor.tsx';
import { OpenedBulletin, stateClass, titleOf, waitingWords } from './opened-bulletin.tsx';
import { text } from './texts.ts';
import './bulletins.css';

/** Bulletins: the list, a new one, or one of them. */
export function BulletinsPage() {
  const route = routeOf(path.value);
  const id = route.page === 'bulletins' ? route.id : null;
  const [saved, setSaved] = useState<string | null>(null);
  const show = (made: string) => {
    setSaved(made);
    go(bulletinPath(made), { replace: true });
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is saved just now is shown next.
  useEffect(() => {
    if (id !== saved) setSaved(null);
  }, [id]);
  if (id === null) return <BulletinList />;
  return (
    <div class="bulletin">
      <Back to="bulletins">{text().back}</Back>
      {id === NEW_BULLETIN ? (
        <Editor bulletin={null} onSaved={show} onCancel={() => go(pathTo('bulletins'))} />
      ) : (
        <OpenedBulletin key={id} id={id} isJustSaved={id === saved} />
      )}
    </div>
  );
}

const PAGE = 50;
const STATES = ['draft', 'published', 'resolved', 'withdrawn', 'expired'] as const;
type State = (typeof STATES)[number];

type Page = Schemas['BulletinPage'];

interface Listed {
  items: ListedBulletin[];
  cursor: string | null;
}

/** All bulletins of the officer's channels. What awaits approval comes first. */
export function BulletinList() {
  const { api, approvals, me, names } = useDesk();
  const [channel, setChannel] = useState('');
  const [state, setState] = useState<State | ''>('');
  const [pages, setPages] = useState(1);
  const filters = { ...(channel ? { channel } : {}), ...(state ? { state } : {}) };
  const { loaded, again } = useLoaded(
    async () => {
      const listed = await read(api, filters, pages);
      approvals.know(listed.items);
      return listed;
    },
    [channel, state, pages, language.value].join(),
  );
  return (
    <>
      <h1>{text().title}</h1>
      <p>{text().intro}</p>
      <p>
        <a class="button button--primary" href={bulletinPath(NEW_BULLETIN)}>
          {text().write}
        </a>
      </p>
      <div class="bulletin-filters" role="group" aria-label={text().filters}>
        <Select
          id="filter-channel"
          label={text().channel}
          chosen={channel}
          choices={[{ code: '', label: text().all }, ...(names.catalogue.value?.channels ?? [])]}
          onChange={setChannel}
        />
        <Select
          id="filter-state"
          label={text().state}
          chosen={state}
          choices={[{ code: '', label: text().all }, ...choicesOf(STATES, text().states)]}
          onChange={setState}
        />
      </div>
      <Waiting loaded={loaded} again={again}>
        {(listed) => (
          <>
            <Grouped
              items={listed.items}
              groups={grouped(listed.items, me.username)}
              isFiltered={Boolean(channel || state)}
            />
            {listed.items.length === 0 && <p>{text().none}</p>}
            {listed.cursor && (
              <Button onClick={() => setPages(pages + 1)}>{text().more}</Button>
            )}
          </>
        )}
      </Waiting>
    </>
  );
}

interface GroupedProps {
  items: readonly ListedBulletin[];
  groups: Groups;
  isFiltered: boolean;
}

function Grouped({ items, groups, isFiltered }: GroupedProps) {
  const { names } = useDesk();
  useEffect(() => void names.meet(items.map((each) => each.created_by)), [names, items]);
  const order: (keyof Groups)[] = ['mine', 'others', 'declined', 'published', 'ended'];
  return (
    <>
      {groups.mine.length === 0 && !isFiltered && <p class="muted">{text().nothingAwaits}</p>}
      {order
        .filter((name) => groups[name].length > 0)
        .map((name) => (
          <Group
            key={name}
            id={`group-${name}`}
            title={text().groups[name]}
            items={groups[name]}
            none={text().none}
          >
            {(each) => <BulletinRow key={each.id} bulletin={each} />}
          </Group>
        ))}
    </>
  );
}

function BulletinRow({ bulletin }: { bulletin: ListedBulletin }) {
  const { names } = useDesk();
  const waiting = waitingWords(bulletin);
  return (
    <Row to={bulletinPath(bulletin.id)} title={titleOf(bulletin.title)}>
      <span class={stateClass(bulletin.state)}>{text().states[bulletin.state]}</span>
      {waiting && <span class="state state--waiting">{waiting}</span>}
      <span>{bulletin.channel_label}</span>
      <span>{text().by(names.officer(bulletin.created_by))}</span>
      {bulletin.ended_at ? (
        <span>{text().ended(clock(bulletin.ended_at))}</span>
      ) : (
        bulletin.expires_at && <span>{text().until(clock(bulletin.expires_at))}</span>
      )}
    </Row>
  );
}

async function read(api: Api, filters: { channel?: string; state?: State }, pages: number): Promise<Listed> {
  const items: ListedBulletin[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < pages; page++) {
    const query = { ...filters, limit: PAGE, ...(cursor ? { cursor } : {}) };
    const found: Page = await ok(api.GET('/v1/officer/bulletins', { params: { query } }));
    items.push(...found.items);
    cursor = found.next_cursor;
    if (cursor === null) break;
  }
  return { items, cursor };
}
