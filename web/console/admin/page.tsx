import type { Api, Me } from '../types.ts';

/** Not built yet. */
export function AdminPage(_: { api: Api; me: Me }) {
  return <h1>admin</h1>;
}
