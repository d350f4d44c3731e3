import type { Client } from 'openapi-fetch';

import { type ApiOptions, createApi as createTyped } from '../../sdk/api.ts';
import { language } from './language.ts';
import type { components, paths } from './schema';

export type { ApiOptions };
export { type Problem, problemOf } from '../../sdk/api.ts';
export type Api = Client<paths>;
export type Schemas = components['schemas'];

/** Create a client of the whole API, in the page's language. */
export function createApi(options: ApiOptions = {}): Api {
  return createTyped<paths>({ language: () => language.value, ...options });
}

/** Return the page that people read and share, of a bulletin whose `url` is its JSON. */
export function publicPage(url: string): string {
  return url.replace('/v1/bulletins/', '/bulletins/');
}
