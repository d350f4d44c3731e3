import type { Api, Me } from '../types.ts';

/** Not built yet. */
export function DashboardPage(_: { api: Api; me: Me }) {
  return <h1>dashboard</h1>;
}
