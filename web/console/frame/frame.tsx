/** The frame around every page: where one can go, who is signed in, and what waits. */

import { useEffect, useRef, useState } from 'preact/hooks';
import city from 'virtual:city';

import { Button } from '../../shared/components/button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { LanguageSwitch } from '../../shared/components/language-switch.tsx';
import { keepFocus } from '../../shared/keep-focus.ts';
import { language, listed } from '../../shared/language.ts';
import { zoneAt } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { keepBoxInSight } from '../parts/focus.ts';
import { now } from '../parts/moment.tsx';
import { QueuePage } from '../queue/page.tsx';
import { isAuditor, type Me, seesReports } from '../types.ts';
import { words } from '../words.ts';
import { path, pathTo, type Route, routeOf } from '../router.ts';
import type { Session } from '../session/session.ts';
import { Icon, type IconName } from './icon.tsx';
import { Later, loadPages } from './pages.tsx';
import { frameTexts } from './texts.ts';
import './frame.css';

// What the first page asks for comes first.
const IDLE_MS = 3000;

interface FrameProps {
  session: Session;
  lock: () => void;
}

export function Frame({ session, lock }: FrameProps) {
  const t = frameTexts();
  const main = useRef<HTMLElement>(null);
  const { pulse } = useDesk();
  const route = routeOf(path.value);
  const fresh = pulse.fresh.value;
  useFocusedPage(main);
  useEffect(() => {
    // The list says by itself what is new in it.
    if (route.page === 'queue') pulse.fresh.value = 0;
  }, [route.page, fresh, pulse]);
  useEffect(() => keepFocus(), []);
  useEffect(keepBoxInSight, []);
  useEffect(loadWhenIdle, []);
  return (
    <div class="frame">
      <a class="skip-link" href="#main" onClick={(event) => skip(event, main.current)}>
        {t.skip}
      </a>
      <header class="frame__top">
        <a class="frame__brand" href={pathTo('')}>
          {city.service[language.value]}
        </a>
        <Navigation route={route} />
        <Account session={session} lock={lock} />
      </header>
      <div class="frame__fresh" role="status">
        {fresh > 0 && route.page !== 'queue' && (
          <a class="button button--danger" href={pathTo('')}>
            {t.fresh(fresh)}
          </a>
        )}
      </div>
      {pulse.failing.value && (
        <p class="frame__offline" role="status">
          {t.offline}
        </p>
      )}
      <main id="main" class="frame__main" ref={main} tabIndex={-1}>
        <Page route={route} />
        {/* Once for all times of the page, also on paper. */}
        <p class="frame__zone">{t.zone(city.name[language.value], zoneAt(new Date(now.value), city.timeZone))}</p>
      </main>
    </div>
  );
}

/**
 * Load the other pages when the first one is shown, unless nobody sees it: in another window, or
 * locked. Returns what ends the waiting.
 */
function loadWhenIdle(): () => void {
  const isSeen = () =>
    document.visibilityState === 'visible' && document.querySelector('.frame')?.checkVisibility();
  const timer = setTimeout(() => isSeen() && void loadPages(), IDLE_MS);
  return () => clearTimeout(timer);
}

const PLACES: { page: Route['page']; to: string; icon: IconName }[] = [
  { page: 'queue', to: '', icon: 'list' },
  { page: 'bulletins', to: 'bulletins', icon: 'megaphone' },
  { page: 'dashboard', to: 'dashboard', icon: 'chart' },
  { page: 'map', to: 'map', icon: 'map' },
  { page: 'admin', to: 'admin', icon: 'people' },
  { page: 'openings', to: 'openings', icon: 'list' },
];

function Navigation({ route }: { route: Route }) {
  const t = frameTexts();
  const { approvals, me, pulse } = useDesk();
  const here = placeOf(route.page, me);
  return (
    <nav class="frame__nav" aria-label={t.navigation}>
      {PLACES.filter(({ page }) => isFor(page, me)).map(({ page, to, icon }) => (
        <a key={page} href={pathTo(to)} aria-current={here === page ? 'page' : undefined}>
          <Icon name={icon} />
          <span>{t.places[page as keyof typeof t.places]}</span>
          {page === 'queue' && (
            <Count of={pulse.pulse.value?.counts.needs_action ?? 0} said={t.waiting} />
          )}
          {page === 'bulletins' && <Count of={approvals.count.value} said={t.approvals} />}
        </a>
      ))}
    </nav>
  );
}

/** How many things wait at a place of the navigation, and for screen readers what they wait for. */
function Count({ of, said }: { of: number; said: (count: number) => string }) {
  if (of === 0) return null;
  return (
    <span class="frame__count">
      <span aria-hidden="true">{of}</span>
      <span class="hidden-visually">{said(of)}</span>
    </span>
  );
}

// Pages that belong to the list of reports.
const OF_QUEUE: readonly Route['page'][] = ['report', 'burst', 'incident', 'search', 'entry'];

/** Return the place in the navigation that a page belongs to. Whoever sees no reports begins at Admin. */
function placeOf(page: Route['page'], me: Me): Route['page'] {
  if (isAuditor(me)) return 'openings';
  if (page === 'queue' && !seesReports(me)) return 'admin';
  return OF_QUEUE.includes(page) ? 'queue' : page;
}

/** Whoever sees no reports has no use for their pages, and would be refused. */
function isFor(page: Route['page'], me: Me): boolean {
  // What one has opened oneself is in the account's panel.
  if (isAuditor(me) || page === 'openings') return isAuditor(me) && page === 'openings';
  return seesReports(me) || page === 'dashboard' || page === 'admin';
}

function Account({ session, lock }: FrameProps) {
  const t = frameTexts();
  const { me } = useDesk();
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return undefined;
    const outside = (event: Event) => {
      if (event.target instanceof Node && !box.current?.contains(event.target)) setOpen(false);
    };
    addEventListener('pointerdown', outside);
    addEventListener('focusin', outside);
    return () => {
      removeEventListener('pointerdown', outside);
      removeEventListener('focusin', outside);
    };
  }, [open]);
  const closeWithEscape = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !open) return;
    setOpen(false);
    box.current?.querySelector('button')?.focus();
  };
  const name = me.name || me.username;
  return (
    <div class="account" ref={box} onKeyDown={closeWithEscape}>
      <button
        type="button"
        class="account__button"
        aria-expanded={open}
        aria-controls="account-panel"
        onClick={() => setOpen(!open)}
      >
        <Icon name="person" />
        <span class="account__name">{name}</span>
      </button>
      <div id="account-panel" class="account__panel" hidden={!open}>
        <p class="account__who">
          <strong>{name}</strong>
          <br />
          <span class="muted">{listed(me.roles.map((role) => words().roles[role]))}</span>
        </p>
        {!isAuditor(me) && (
          <a class="button button--quiet" href={pathTo('openings')} onClick={() => setOpen(false)}>
            {t.titles.openings}
          </a>
        )}
        <LanguageSwitch />
        <button type="button" class="button button--quiet" onClick={lock}>
          {t.lock}
        </button>
        <SignOut session={session} />
      </div>
    </div>
  );
}

/** Show each page from its heading on, also the one to which the sign-in leads. */
function useFocusedPage(main: { current: HTMLElement | null }): void {
  const now = path.value;
  useEffect(() => (main.current ? focusPage(main.current) : undefined), [now, main]);
}

/**
 * Put the focus on the new page's heading, so that it is read out, and begin at its top. A heading
 * that is still to come has it when it comes. Returns what ends the waiting.
 */
function focusPage(main: HTMLElement): (() => void) | undefined {
  scrollTo(0, 0);
  if (focusHeadingOf(main)) return undefined;
  main.focus({ preventScroll: true });
  const watch = new MutationObserver(() => {
    const elsewhere = document.activeElement !== main && document.activeElement !== document.body;
    if (elsewhere || focusHeadingOf(main)) watch.disconnect();
  });
  watch.observe(main, { childList: true, subtree: true });
  return () => watch.disconnect();
}

function focusHeadingOf(main: HTMLElement): boolean {
  const heading = main.querySelector('h1');
  if (heading === null) return false;
  if (!heading.hasAttribute('tabindex')) heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  return true;
}

function skip(event: Event, main: HTMLElement | null): void {
  event.preventDefault();
  main?.focus();
}

/** Which page stands at which path. */
export function Page({ route }: { route: Route }) {
  const { me, pulse } = useDesk();
  const t = frameTexts();
  const place = isAuditor(me) ? t.places.openings : t.titles[route.page];
  const title = pulse.fresh.value > 0 ? `● ${place}` : place;
  useEffect(() => {
    // No number and no name: titles stay in the browser's history.
    document.title = title;
  }, [title]);
  if (isAuditor(me)) return <Later page="openings" />;
  switch (route.page) {
    case 'queue':
      return seesReports(me) ? <QueuePage /> : <Later page="admin" />;
    case 'report':
    case 'burst':
    case 'incident':
    case 'export':
    case 'request':
      return <Later key={route.id} page={route.page} id={route.id} />;
    case 'unknown':
      return <NotFound />;
    default:
      return <Later key={route.page} page={route.page} />;
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

/** Sign out in all tabs: after a question, when one of them has words that were not sent. */
export function SignOut({ session }: { session: Session }) {
  const t = frameTexts();
  const { drafts } = useDesk();
  const [isAsking, setAsking] = useState(false);
  const signOut = () => {
    // The officer has said so: the browser does not ask once more.
    drafts.clear();
    session.signOut();
  };
  const begin = async () => {
    if (await session.isAnythingUnsent()) setAsking(true);
    else signOut();
  };
  return (
    <>
      <Button kind="quiet" onClick={begin}>
        {t.signOut}
      </Button>
      <Dialog open={isAsking} title={t.unsent} onClose={() => setAsking(false)}>
        <p>{t.unsentWhat}</p>
        <div class="row">
          <Button kind="primary" onClick={() => setAsking(false)}>
            {t.stay}
          </Button>
          <Button kind="danger" onClick={signOut}>
            {t.signOutAnyway}
          </Button>
        </div>
      </Dialog>
    </>
  );
}
