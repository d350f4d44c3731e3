/** The calls to the issuer: where to send the officer, and how a code becomes tokens. */

export interface Tokens {
  access: string;
  refresh: string | null;
  /** Milliseconds of `Date.now()`. */
  expiresAt: number;
}

export interface AuthorizationRequest {
  state: string;
  challenge: string;
  redirect: string;
  /** Ask for the password even if the issuer has a session. */
  again: boolean;
  language: string;
}

/** Thrown when the issuer refuses; `code` is its own word, such as `invalid_grant`. */
export class Refused extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

/** Return the address at which the officer signs in. */
export function authorizationUrl(config: Config, request: AuthorizationRequest): string {
  const url = new URL(config.authorization_endpoint);
  const parameters: Record<string, string> = {
    response_type: 'code',
    client_id: config.client_id,
    redirect_uri: request.redirect,
    scope: config.scope,
    state: request.state,
    code_challenge: request.challenge,
    code_challenge_method: 'S256',
    // Cognito calls it `lang`, OpenID Connect `ui_locales`.
    lang: request.language === 'zh' ? 'zh-CN' : 'en',
    ui_locales: request.language === 'zh' ? 'zh-CN' : 'en',
    ...(request.again ? { prompt: 'login', max_age: '0' } : {}),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

/** Return the address that ends the issuer's session and comes back to `redirect`. */
export function signOutUrl(config: Config, redirect: string): string | null {
  if (config.end_session_endpoint === null) return null;
  const url = new URL(config.end_session_endpoint);
  url.searchParams.set('client_id', config.client_id);
  // Cognito calls it `logout_uri`, OpenID Connect `post_logout_redirect_uri`.
  url.searchParams.set('logout_uri', redirect);
  url.searchParams.set('post_logout_redirect_uri', redirect);
  return url.href;
}

/** Exchange a code for tokens. Raises Refused, or a TypeError without a network. */
export async function exchange(
  config: Config,
  code: string,
  verifier: string,
  redirect: string,
): Promise<Tokens> {
  return requestTokens(config, {
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: redirect,
  });
}

/** Get new tokens for a refresh token. Raises as `exchange`. */
export async function refresh(config: Config, token: string): Promise<Tokens> {
  const tokens = await requestTokens(config, {
    grant_type: 'refresh_token',
    refresh_token: token,
  });
  return { ...tokens, refresh: tokens.refresh ?? token };
}

/** Return when the holder of a token last typed a password, in milliseconds; null if unsaid. */
export function authenticatedAt(access: string): number | null {
  const payload = access.split('.')[1];
  if (payload === undefined) return null;
  try {
    const text = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
    const { auth_time: time } = JSON.parse(text) as { auth_time?: unknown };
    return typeof time === 'number' ? time * 1000 : null;
  } catch {
    return null;
  }
}

async function requestTokens(config: Config, form: Record<string, string>): Promise<Tokens> {
  const response = await fetch(config.token_endpoint, {
    method: 'POST',
    body: new URLSearchParams({ ...form, client_id: config.client_id }),
    cache: 'no-store',
    credentials: 'omit',
  });
  const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  if (!response.ok || typeof answer.access_token !== 'string') {
    throw new Refused(typeof answer.error === 'string' ? answer.error : String(response.status));
  }
  const seconds = typeof answer.expires_in === 'number' ? answer.expires_in : 300;
  return {
    access: answer.access_token,
    refresh: typeof answer.refresh_token === 'string' ? answer.refresh_token : null,
    expiresAt: Date.now() + seconds * 1000,
  };
}

/** Proof Key for Code Exchange (RFC 7636), with SHA-256. */

export interface Proof {
  verifier: string;
  challenge: string;
}

/** Make a verifier of 43 characters, and its challenge. */
export async function newProof(): Promise<Proof> {
  const verifier = randomText(32);
  return { verifier, challenge: await challengeOf(verifier) };
}

/** Return the challenge of a verifier. */
export async function challengeOf(verifier: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  return base64url(new Uint8Array(digest));
}

/** Return so many random bytes as base64url. */
export function randomText(bytes: number): string {
  return base64url(crypto.getRandomValues(new Uint8Array(bytes)));
}

function base64url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Where officers sign in. The server knows; the built console has no address in it. */

export interface Config {
  issuer: string;
  authorization_endpoint: string;
  token_endpoint: string;
  end_session_endpoint: string | null;
  client_id: string;
  scope: string;
  /** The base URL of the API; empty for the console's own origin. */
  api: string;
}

/** Read the configuration. Raises when it cannot be read or is not one. */
export async function readConfig(fetcher: typeof fetch = fetch): Promise<Config> {
  const response = await fetcher('/console/config.json', { cache: 'no-store' });
  if (!response.ok) throw new Error(`config.json: ${response.status}`);
  return configOf(await response.json());
}

/** Return a configuration from its JSON. Raises when a part is missing. */
export function configOf(json: unknown): Config {
  const given = json as Record<string, unknown>;
  const text = (name: string): string => {
    const value = given[name];
    if (typeof value !== 'string') throw new Error(`config.json: no ${name}`);
    return value;
  };
  return {
    issuer: text('issuer'),
    authorization_endpoint: text('authorization_endpoint'),
    token_endpoint: text('token_endpoint'),
    end_session_endpoint: given.end_session_endpoint ? text('end_session_endpoint') : null,
    client_id: text('client_id'),
    scope: text('scope'),
    api: text('api'),
  };
}
