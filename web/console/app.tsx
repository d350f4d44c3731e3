/** The console: nobody is in, somebody is, or the screen is locked. */

import { effect, signal } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';

import { createApi, problemOf } from '../shared/api.ts';
import { Button } from '../shared/components/button.tsx';
import { Approvals } from './bulletins/approvals.ts';
import { type Desk, DeskContext } from './desk.ts';
import { Attempts, Drafts, Keys, SearchState } from './drafts.ts';
import { Frame } from './frame/frame.tsx';
import { Names } from './names.ts';
import { focusHeading } from './parts/focus.ts';
import { freshOf, PulseWatch } from './pulse.ts';
import { kept, keptFor, NO_FILTERS } from './queue/filters.ts';
import { ReportList } from './queue/list.ts';
import { Sound } from './queue/sound.ts';
import { type Api, type Me, seesReports } from './types.ts';
import { Activity } from './session/idle.ts';
import { Card, IdleWarning, LockScreen, Starting, Welcome } from './session/welcome.tsx';
import type { Session } from './session/session.ts';
import { sessionTexts } from './session/texts.ts';

/** Where a tab keeps the filters of the list. */
const FILTERS = 'filters';

interface AppProps {
  session: Session;
  /** The API's address; empty for the page's own. */
  api: string;
}

export function App({ session, api }: AppProps) {
  switch (session.state.value) {
    case 'signed_in':
    case 'locked':
    case 'ended':
      return <SignedIn session={session} base={api} />;
    default:
      return <Welcome session={session} />;
  }
}

/** It stays while the screen is locked, and with it whatever the officer has begun. */
function SignedIn({ session, base }: { session: Session; base: string }) {
  const api = useMemo(() => officersApi(session, base), [session, base]);
  const activity = useMemo(() => new Activity(), []);
  const [me, setMe] = useState<Me | null>(null);
  const [problem, setProblem] = useState<'no_row' | 'unreachable' | null>(null);
  const read = () => {
    setProblem(null);
    void readMe(api).then((found) => (typeof found === 'string' ? setProblem(found) : setMe(found)));
  };
  useEffect(read, [api]);
  useEffect(() => {
    const stop = activity.start(() => session.lock({ byHand: false }));
    const unlocked = effect(() => {
      if (session.state.value === 'signed_in') activity.unlock();
    });
    return () => {
      stop();
      unlocked();
    };
  }, [activity, session]);
  const desk = useMemo(() => (me ? deskOf(api, me, session) : null), [api, me, session]);
  useEffect(() => (desk ? startDesk(desk) : undefined), [desk]);
  useEffect(() => {
    session.hasUnsent = () => desk?.drafts.any.value ?? false;
    return () => {
      session.hasUnsent = () => false;
    };
  }, [session, desk]);
  const away = session.state.value !== 'signed_in';
  useReturn(away);
  if (desk === null) return <Entrance session={session} problem={problem} again={read} />;
  const { name, username } = desk.me;
  return (
    <DeskContext.Provider value={desk}>
      <div hidden={away}>
        <IdleWarning activity={activity} />
        <Frame session={session} lock={() => lockNow(activity, session)} />
      </div>
      {away && (
        <LockScreen
          session={session}
          name={name || username}
          username={username}
          identify={(access) => usernameOf(base, access)}
          onDiscard={() => {
            // The button says so: the browser does not ask once more.
            desk.drafts.clear();
            session.signOut();
          }}
        />
      )}
    </DeskContext.Provider>
  );
}

/** The window that had the focus while the screen was locked is gone: begin at the page's heading. */
function useReturn(away: boolean): void {
  const before = useRef(away);
  useEffect(() => {
    if (before.current && !away) focusHeading();
    before.current = away;
  }, [away]);
}

interface EntranceProps {
  session: Session;
  problem: 'no_row' | 'unreachable' | null;
  again: () => void;
}

/** What is seen until the officer's own row is read. */
function Entrance({ session, problem, again }: EntranceProps) {
  const t = sessionTexts();
  if (session.state.value !== 'signed_in') return <Welcome session={session} />;
  if (problem === null) return <Starting />;
  const noRow = problem === 'no_row';
  return (
    <Card title={noRow ? t.noRow : t.unreachable} text={noRow ? t.noRowHint : ''}>
      <Button kind="primary" onClick={again}>
        {t.tryAgain}
      </Button>
      <Button kind="quiet" onClick={() => session.signOut()}>
        {t.discard}
      </Button>
    </Card>
  );
}

function deskOf(api: Api, me: Me, session: Session): Desk {
  const list = new ReportList(api, me.username);
  list.filters.value = keptFor(me.username, sessionStorage.getItem(FILTERS));
  // Whoever sees no reports would be refused, and each refusal is on record.
  const pulse = new PulseWatch(
    api,
    () => seesReports(me) && session.state.value === 'signed_in',
  );
  return {
    api,
    me,
    pulse,
    names: new Names(api, me),
    drafts: new Drafts(),
    approvals: new Approvals(api, me, pulse),
    attempts: new Attempts(),
    entryKeys: new Keys(),
    list,
    walk: signal(null),
    search: new SearchState(),
    apart: new Set(),
    sound: new Sound(),
  };
}

function startDesk(desk: Desk): () => void {
  const stops = [
    desk.names.start(),
    desk.pulse.start(),
    desk.approvals.start(),
    desk.drafts.guard(),
    ring(desk),
    keepFilters(desk),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

/** Have the same filters after a reload of the tab. Without any, nothing is stored. */
function keepFilters({ list, me }: Desk): () => void {
  return effect(() => {
    const now = kept(list.filters.value, me.username);
    if (now === kept(NO_FILTERS, me.username)) sessionStorage.removeItem(FILTERS);
    else sessionStorage.setItem(FILTERS, now);
  });
}

/** Be heard and seen when there are more critical reports than before. */
function ring({ pulse, sound }: Desk): () => void {
  let before = Infinity;
  return effect(() => {
    const critical = pulse.pulse.value?.counts.critical;
    if (critical === undefined) return;
    if (critical > before) sound.play();
    pulse.fresh.value = freshOf(pulse.fresh.peek(), before, critical);
    before = critical;
  });
}

/** Return a client that adds the officer's token, renewed before it ends. */
function officersApi(session: Session, base: string): Api {
  const withToken = async (input: RequestInfo | URL): Promise<Response> => {
    const request = new Request(input);
    const token = await session.accessToken();
    if (token === null) throw new TypeError('No officer is signed in');
    request.headers.set('Authorization', `Bearer ${token}`);
    const response = await fetch(request);
    if (response.status === 401) session.end();
    return response;
  };
  return createApi({ base, fetch: withToken });
}

async function readMe(api: Api): Promise<Me | 'no_row' | 'unreachable'> {
  try {
    const { data, error } = await api.GET('/v1/officer/me');
    if (data) return data;
    return problemOf(error)?.status === 403 ? 'no_row' : 'unreachable';
  } catch {
    return 'unreachable';
  }
}

async function usernameOf(base: string, access: string): Promise<string> {
  const { data } = await createApi({ base, token: () => access }).GET('/v1/officer/me');
  if (!data) throw new TypeError('The API did not say who it is');
  return data.username;
}

function lockNow(activity: Activity, session: Session): void {
  activity.lock();
  session.lockAll();
}
