/** The frame around every page: where one can go, who is signed in, and what waits. */

import city from 'virtual:city';
import { useEffect, useRef, useState } from 'preact/hooks';

import { LanguageSwitch } from '../../shared/components/language-switch.tsx';
import { listed } from '../../shared/joined.ts';
import { keepFocus } from '../../shared/keep-focus.ts';
import { language } from '../../shared/language.ts';
import { useDesk } from '../desk.ts';
import { keepBoxInSight } from '../parts/focus.ts';
import { seesReports } from '../roles.ts';
import { path, pathTo, type Route, routeOf } from '../router.ts';
import type { Session } from '../session/session.ts';
import type { Me } from '../types.ts';
import { Icon, type IconName } from './icon.tsx';
import { Page } from './page.tsx';
import { SignOut } from './sign-out.tsx';
import { frameTexts } from './texts.ts';
import './frame.css';

interface FrameProps {
  session: Session;
  lock: () => void;
}

export function Frame({ session, lock }: FrameProps) {
  const t = frameTexts();
  const main = useRef<HTMLElement>(null);
  const { pulse } = useDesk();
  const route = routeOf(path.value);
  useFocusedPage(main);
  useEffect(() => keepFocus(), []);
  useEffect(keepBoxInSight, []);
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
      {pulse.failing.value && (
        <p class="frame__offline" role="status">
          {t.offline}
        </p>
      )}
      <main id="main" class="frame__main" ref={main} tabIndex={-1}>
        <Page route={route} />
      </main>
    </div>
  );
}

const PLACES: { page: Route['page']; to: string; icon: IconName }[] = [
  { page: 'queue', to: '', icon: 'list' },
  { page: 'bulletins', to: 'bulletins', icon: 'megaphone' },
  { page: 'dashboard', to: 'dashboard', icon: 'chart' },
  { page: 'map', to: 'map', icon: 'map' },
  { page: 'admin', to: 'admin', icon: 'people' },
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
const OF_QUEUE: readonly Route['page'][] = ['report', 'search', 'entry'];

/** Return the place in the navigation that a page belongs to. Whoever sees no reports begins at Admin. */
function placeOf(page: Route['page'], me: Me): Route['page'] {
  if (page === 'queue' && !seesReports(me)) return 'admin';
  return OF_QUEUE.includes(page) ? 'queue' : page;
}

/** An administrator who sees no reports has no use for their pages, and would be refused. */
function isFor(page: Route['page'], me: Me): boolean {
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
          <span class="muted">{listed(me.roles.map((role) => t.roles[role]))}</span>
        </p>
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
