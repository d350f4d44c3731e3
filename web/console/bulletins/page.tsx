import type { Api, Me } from '../types.ts';

/** Not built yet. */
export function BulletinsPage(_: { api: Api; me: Me }) {
  return <h1>bulletins</h1>;
}
