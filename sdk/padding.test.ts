import { expect, test } from 'vitest';

import { createApi } from './api.ts';
import { padded } from './padding.ts';

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

test('a body has one of few sizes, and says the same', () => {
  const cases: [string, number][] = [
    ['{}', 2048],
    ['救'.repeat(682), 2048],
    ['救'.repeat(683), 4096],
    ['a'.repeat(65_536), 65_536],
    ['a'.repeat(65_537), 131_072],
    ['a'.repeat(140_000), 196_608],
  ];
  for (const [text, size] of cases) {
    expect(bytes(padded(text))).toBe(size);
    expect(padded(text).trimEnd()).toBe(text);
  }
});

test('what the client of the API sends is padded', async () => {
  const sizes: number[] = [];
  const api = createApi({
    base: 'https://tip.example',
    fetch: async (sent) => {
      sizes.push(bytes(await (sent as Request).text()));
      return new Response('{}', { headers: { 'Content-Type': 'application/json' } });
    },
  });
  for (const text of ['Yes.', 'It is still there, behind the school. '.repeat(30)]) {
    await api.POST('/v1/reports/{report_id}/messages', {
      params: { path: { report_id: 'A' } },
      body: { text },
    });
  }
  expect(sizes).toEqual([2048, 2048]);
});
