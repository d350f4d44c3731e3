/** The officer's session of this page. Tokens are in its memory, and nowhere else.
 *
 * A first sign-in and a reload go to the issuer and come back. Whoever was idle, or whose sign-in
 * has ended, signs in again in a window of its own: the page, and the drafts in it, stay.
 */

import { signal } from '@preact/signals';

import { language } from '../../shared/language.ts';
import {
  authenticatedAt,
  authorizationUrl,
  type Config,
  exchange,
  newProof,
  randomText,
  refresh,
  Refused,
  signOutUrl,
  type Tokens,
} from './issuer.ts';
import {
  keepPending,
  lockMark,
  markLocked,
  markSignedOut,
  type PasswordProblem,
  passwordProblem,
  takePending,
  takeSignedOut,
  unmarkLocked,
} from './pending.ts';

/** `locked`: idle; `ended`: the issuer gives no more tokens. Both keep the page. `window`: this page
 * is the one in which somebody has signed in again.
 */
export type SessionState =
  | 'starting'
  | 'signed_out'
  | 'failed'
  | 'window'
  | 'signed_in'
  | 'locked'
  | 'ended';

/** Why somebody is not let back: it is somebody else, no password was asked for, or the issuer. */
export type UnlockProblem = PasswordProblem | 'other_officer' | 'refused' | 'no_window';

export type Identify = (access: string) => Promise<string>;

/** How the officer of a locked page comes back to it. */
interface Return {
  verifier: string;
  /** As of a sign-in that is kept. */
  mark: number | null;
  username: string;
  identify: Identify;
}

const AHEAD_MS = 60_000;
const CHANNEL = 'tipline.unlock';
// Says to the other tabs what the officer has done in this one.
const TABS_CHANNEL = 'tipline.tabs';
const WINDOW_STATE = 'window.';

type Said = 'signed out' | 'locked' | 'is anything unsent' | 'something is unsent';

// A tab in the background may need a moment.
const REPLY_MS = 300;

export class Session {
  readonly state = signal<SessionState>('starting');
  readonly problem = signal<string | null>(null);
  /** Whether an officer has locked the page, and not the clock. */
  readonly lockedByHand = signal(false);
  readonly unlockProblem = signal<UnlockProblem | null>(null);

  private tokens: Tokens | null = null;
  /** Return whether this page has something that was not sent. */
  hasUnsent: () => boolean = () => false;

  private heardUnsent: () => void = () => undefined;
  private refreshing: Promise<void> | null = null;
  /** When the officer of this page last typed a password, by the issuer's clock; 0 if unsaid. */
  private asked = 0;
  private closeChannel: (() => void) | null = null;
  private readonly tabs = new BroadcastChannel(TABS_CHANNEL);

  constructor(
    private readonly config: Config,
    private readonly redirect: string,
  ) {
    this.tabs.onmessage = ({ data }: MessageEvent<Said>) => this.hear(data);
    addEventListener('pageshow', ({ persisted }) => {
      if (persisted) this.comeBack();
    });
  }

  /** Complete a sign-in that comes back, or begin one. Returns the path to show, or null when this
   * page is about to leave or is the window of another.
   */
  async start(address: URL): Promise<string | null> {
    const state = address.searchParams.get('state') ?? '';
    const back = address.searchParams.has('code') || address.searchParams.has('error');
    if (back && state.startsWith(WINDOW_STATE)) {
      this.state.value = 'window';
      handOver(address);
      return null;
    }
    if (back) return this.complete(address);
    if (takeSignedOut(sessionStorage)) {
      this.state.value = 'signed_out';
      return null;
    }
    await this.signIn(address.pathname + address.search);
    return null;
  }

  /** Leave for the issuer, and come back to `page`. */
  async signIn(page: string): Promise<void> {
    const { verifier, challenge } = await newProof();
    const state = randomText(16);
    const mark = this.due;
    keepPending({ state, verifier, page, mark }, sessionStorage);
    location.assign(this.authorization(state, challenge, mark !== null));
  }

  /** Return whether something was not sent, in this tab or in another one that says so in time. */
  async isAnythingUnsent(): Promise<boolean> {
    if (this.hasUnsent()) return true;
    return new Promise((resolve) => {
      this.heardUnsent = () => resolve(true);
      setTimeout(() => resolve(false), REPLY_MS);
      this.tell('is anything unsent');
    });
  }

  /** Forget the tokens in all tabs, and end the issuer's session. */
  signOut(): void {
    this.tokens = null;
    this.closeChannel?.();
    this.tell('signed out');
    // Also when the issuer is never reached, the next sign-in asks for the password.
    markLocked(this.asked, localStorage);
    markSignedOut(sessionStorage);
    this.state.value = 'signed_out';
    // The page is emptied first: the browser's back button may show it as it was left.
    setTimeout(() => location.assign(signOutUrl(this.config, this.redirect) ?? this.redirect));
  }

  /** Return an access token that is good for a while, or null when there is none. */
  async accessToken(): Promise<string | null> {
    if (this.tokens !== null && this.tokens.expiresAt - AHEAD_MS < Date.now()) {
      this.refreshing ??= this.refresh().finally(() => {
        this.refreshing = null;
      });
      await this.refreshing;
    }
    return this.tokens?.access ?? null;
  }

  /** Take note that the API does not accept the token any more. */
  end(): void {
    if (this.state.value !== 'signed_in') return;
    this.tokens = null;
    this.state.value = 'ended';
  }

  /** Lock this page and the officer's other tabs: whoever leaves the desk leaves all of them. */
  lockAll(): void {
    this.lock({ byHand: true });
    this.tell('locked');
  }

  /**
   * Lock the page: forget the tokens, so that nobody can use them either. One whose sign-in has ended
   * is locked too, since the issuer may still have a session.
   */
  lock({ byHand }: { byHand: boolean }): void {
    if (this.state.value !== 'signed_in' && this.state.value !== 'ended') return;
    this.lockedByHand.value = byHand;
    this.tokens = null;
    markLocked(this.asked, localStorage);
    this.state.value = 'locked';
  }

  /** Open the issuer's page in a window, and let `username` back when it is them. */
  async unlock(username: string, identify: Identify): Promise<void> {
    // Opened first of all, since browsers block windows that no tap has opened.
    const opened = window.open('about:blank', 'tipline-sign-in', 'popup,width=520,height=720');
    if (opened === null) {
      this.unlockProblem.value = 'no_window';
      return;
    }
    const { verifier, challenge } = await newProof();
    const state = WINDOW_STATE + randomText(16);
    this.unlockProblem.value = null;
    const mark = this.due;
    const back = { verifier, mark, username, identify };
    this.listen(state, (address) => this.admit(address, back));
    opened.location.href = this.authorization(state, challenge, mark !== null);
  }

  /** When the password was last typed before this page or another was locked; null if none is. */
  private get due(): number | null {
    const marked = lockMark(localStorage);
    if (this.state.value !== 'locked') return marked;
    return Math.max(marked ?? 0, this.asked);
  }

  /** Take note that the browser shows this page again as it was left. What happened meanwhile in
   * other tabs was not heard here.
   */
  private comeBack(): void {
    // It was on its way to the issuer.
    if (this.state.value === 'starting') location.reload();
    else if (this.due !== null) this.lock({ byHand: true });
  }

  /** Let the officer in, who has typed the password if that was asked for. */
  private enter(tokens: Tokens): void {
    this.tokens = tokens;
    this.asked = authenticatedAt(tokens.access) ?? 0;
    unmarkLocked(localStorage);
    this.state.value = 'signed_in';
  }

  private problemWith(tokens: Tokens, mark: number | null): PasswordProblem | null {
    return passwordProblem(this.due, mark, authenticatedAt(tokens.access));
  }

  private hear(said: Said): void {
    if (said === 'locked') this.lock({ byHand: true });
    if (said === 'signed out') this.forget();
    if (said === 'something is unsent') this.heardUnsent();
    if (said === 'is anything unsent' && this.hasUnsent()) this.tell('something is unsent');
  }

  private tell(said: Said): void {
    this.tabs.postMessage(said);
  }

  /** Sign out with another tab, which has ended the issuer's session: nothing can be sent any more. */
  private forget(): void {
    if (this.state.value === 'window' || this.state.value === 'failed') return;
    this.tokens = null;
    this.closeChannel?.();
    this.state.value = 'signed_out';
  }

  private async complete(address: URL): Promise<string | null> {
    const pending = takePending(sessionStorage);
    if (pending === null || pending.state !== address.searchParams.get('state')) {
      return this.fail('state');
    }
    let tokens: Tokens;
    try {
      tokens = await this.tokensFor(address, pending.verifier);
    } catch (error) {
      return this.fail(error instanceof Refused ? error.code : 'network');
    }
    // Another tab has signed out meanwhile.
    if (this.state.value === 'signed_out') return null;
    const problem = this.problemWith(tokens, pending.mark);
    if (problem === 'not_asked') return this.fail(problem);
    if (problem !== null) {
      await this.signIn(pending.page);
      return null;
    }
    this.enter(tokens);
    return pending.page;
  }

  private fail(problem: string): null {
    this.problem.value = problem;
    this.state.value = 'failed';
    return null;
  }

  private async admit(address: URL, back: Return): Promise<void> {
    const { verifier, mark, username, identify } = back;
    try {
      const tokens = await this.tokensFor(address, verifier);
      const isSame = (await identify(tokens.access)) === username;
      // Another tab has signed out meanwhile.
      if (this.state.value === 'signed_out') return;
      const problem = this.problemWith(tokens, mark) ?? (isSame ? null : 'other_officer');
      this.unlockProblem.value = problem;
      if (problem === null) this.enter(tokens);
    } catch {
      this.unlockProblem.value = 'refused';
    }
  }

  private async tokensFor(address: URL, verifier: string): Promise<Tokens> {
    const { searchParams: given } = address;
    const issuer = given.get('iss');
    if (issuer !== null && issuer !== this.config.issuer) throw new Refused('issuer');
    const code = given.get('code');
    if (code === null) throw new Refused(given.get('error') ?? 'code');
    return exchange(this.config, code, verifier, this.redirect);
  }

  private async refresh(): Promise<void> {
    const held = this.tokens;
    if (held === null) return;
    if (held.refresh === null) return this.end();
    try {
      const tokens = await refresh(this.config, held.refresh);
      if (this.tokens === held) this.tokens = tokens;
    } catch (error) {
      // Without a network the next call tries again; the API says when the token is too old.
      if (error instanceof Refused) this.end();
    }
  }

  private authorization(state: string, challenge: string, again: boolean): string {
    const { redirect } = this;
    return authorizationUrl(this.config, {
      state,
      challenge,
      redirect,
      again,
      language: language.value,
    });
  }

  private listen(state: string, admit: (address: URL) => Promise<void>): void {
    this.closeChannel?.();
    const channel = new BroadcastChannel(CHANNEL);
    this.closeChannel = () => channel.close();
    channel.onmessage = (event: MessageEvent<string>) => {
      const address = new URL(event.data);
      if (address.searchParams.get('state') !== state) return;
      channel.postMessage('taken');
      channel.close();
      void admit(address);
    };
  }
}

/** Give the page that opened this window what the issuer said, and close the window. The opener
 * cannot be reached directly: the policy of cross-origin openers cuts the tie.
 */
function handOver(address: URL): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = () => window.close();
  channel.postMessage(address.href);
  history.replaceState(null, '', address.pathname);
}
