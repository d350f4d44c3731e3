import createClient, { type Client } from 'openapi-fetch';

import { padded } from './padding.ts';
import type { components, paths } from './schema.ts';

export type Api = Client<paths>;
export type Schemas = components['schemas'];
export type Problem = Schemas['Problem'];

export interface ApiOptions {
  /** The API's address without a slash at its end; that of the page when it is left out. */
  base?: string;
  /** The language of the API's sentences, read for each request. */
  language?: () => string;
  /** An officer's access token, read for each request. */
  token?: () => string | null;
  /** A reporter's receipt, read for each request. */
  receipt?: () => string | null;
  fetch?: typeof fetch;
}

/**
 * Create a client of the API, typed by its OpenAPI document.
 *
 * Each request says the language, unless its caller says another one; no cookie is sent, and no
 * address of a page.
 */
export function createApi<Paths extends object = paths>(options: ApiOptions = {}): Client<Paths> {
  const { base = '', language, token, receipt, fetch } = options;
  const api = createClient<Paths>({
    baseUrl: base,
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
    bodySerializer: (body) => padded(JSON.stringify(body)),
    ...(fetch ? { fetch: (request: Request) => fetch(request) } : {}),
  });
  api.use({
    onRequest({ request }) {
      const credentials = authorization(token?.(), receipt?.());
      if (credentials) request.headers.set('Authorization', credentials);
      if (language && !request.headers.has('Accept-Language')) {
        request.headers.set('Accept-Language', language());
      }
    },
  });
  return api;
}

/** Return the problem that a response's body is, with its code; null for anything else. */
export function problemOf(error: unknown): Problem | null {
  if (typeof error !== 'object' || error === null) return null;
  const { code, title, status } = error as Partial<Record<keyof Problem, unknown>>;
  const isProblem =
    typeof code === 'string' && typeof title === 'string' && typeof status === 'number';
  return isProblem ? (error as Problem) : null;
}

function authorization(token?: string | null, receipt?: string | null): string | null {
  if (token) return `Bearer ${token}`;
  return receipt ? `Receipt ${receipt}` : null;
}
