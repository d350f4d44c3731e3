import { expect, test, vi } from 'vitest';

import { BrowserNetwork } from './browser.ts';

test('what the outbox sends is padded', async () => {
  const sent: unknown[] = [];
  vi.stubGlobal('fetch', async (_address: string, { body }: RequestInit) => {
    sent.push(body);
    return new Response('{}');
  });
  const { signal } = new AbortController();
  const network = new BrowserNetwork('', () => 'en');
  await network.call({ method: 'POST', path: '/v1/reports', body: '{"text":"Yes."}', signal });
  await network.call({ method: 'GET', path: '/v1/health', signal });
  vi.unstubAllGlobals();
  expect(sent).toEqual(['{"text":"Yes."}'.padEnd(2048), undefined]);
});
