import { expect, test } from 'vitest';

import { Names } from './names.ts';
import type { Api } from './types.ts';

type NamesOf = ConstructorParameters<typeof Names>[1];

const ME: NamesOf = {
  username: 'li',
  name: 'Officer Li',
  roles: ['officer'],
  scope: { categories: ['other', 'lost_and_found'], districts: ['*'] },
};

test('a colleague has the username until the name is known', async () => {
  const { names, asked } = city([{ username: 'zhao', name: 'Supervisor Zhao' }]);
  expect(names.officer('zhao')).toBe('zhao');
  names.learn('zhao', 'other', 'unknown');
  await names.colleagues('other', 'unknown');
  expect(names.officer('zhao')).toBe('Supervisor Zhao');
  expect(asked()).toBe(1);
});

test('nobody asks for a name that is known', () => {
  const { names, asked } = city([]);
  names.learn('li', 'other', 'unknown');
  expect([names.officer('li'), asked()]).toEqual(['Officer Li', 0]);
});

test('an author without a report is met among the colleagues of one category', async () => {
  const { names, asked } = city([{ username: 'zhao', name: 'Supervisor Zhao' }]);
  await names.meet(['li', 'zhao']);
  expect([names.officer('zhao'), asked()]).toEqual(['Supervisor Zhao', 1]);
});

test('whoever sees no reports asks for no colleagues', async () => {
  const { names, asked } = city([], { ...ME, roles: ['admin'] });
  await names.meet(['zhao']);
  expect(asked()).toBe(0);
});

test('two with one name differ by their usernames', async () => {
  const { names } = city([
    { username: 'wang', name: 'Wang Wei' },
    { username: 'wang2', name: 'Wang Wei' },
  ]);
  await names.colleagues('other', 'unknown');
  expect([names.officer('wang'), names.officer('wang2')]).toEqual([
    'Wang Wei (wang)',
    'Wang Wei (wang2)',
  ]);
});

test('after a failure they are asked for anew', async () => {
  const { names, asked } = city(null);
  await names.colleagues('other', 'unknown');
  await names.colleagues('other', 'unknown');
  expect(asked()).toBe(2);
});

/** Names that ask a service with these colleagues; null: it cannot be reached. */
function city(items: { username: string; name: string }[] | null, me: NamesOf = ME) {
  let calls = 0;
  const answer = () => {
    calls += 1;
    const response = new Response(null, { status: items ? 200 : 503 });
    return Promise.resolve({ data: items ? { items, next_cursor: null } : undefined, response });
  };
  const api = { GET: answer } as unknown as Api;
  return { names: new Names(api, me), asked: () => calls };
}
