import { beforeEach, expect, test } from 'vitest';

import { type ApiOptions, createApi, problemOf, publicPage } from './api.ts';
import { language } from './language.ts';

beforeEach(() => {
  language.value = 'zh';
});

async function requested(options: ApiOptions): Promise<Request> {
  let request: Request | undefined;
  const api = createApi({
    base: 'https://tip.example',
    ...options,
    fetch: async (sent) => {
      request = sent as Request;
      return new Response('{}', { headers: { 'Content-Type': 'application/json' } });
    },
  });
  await api.GET('/v1/catalogue');
  if (!request) throw new Error('nothing was sent');
  return request;
}

test('a request says the language, and no more than it must', async () => {
  const request = await requested({});
  expect(request.url).toBe('https://tip.example/v1/catalogue');
  expect(request.headers.get('Accept-Language')).toBe('zh');
  expect(request.headers.has('Authorization')).toBe(false);
  expect(request.credentials).toBe('omit');
  expect(request.referrerPolicy).toBe('no-referrer');
});

test('an officer is known by a token, a reporter by a receipt', async () => {
  const officer = await requested({ token: () => 'abc' });
  expect(officer.headers.get('Authorization')).toBe('Bearer abc');
  const reporter = await requested({ receipt: () => 'XYZ' });
  expect(reporter.headers.get('Authorization')).toBe('Receipt XYZ');
});

test('the token of the moment is sent', async () => {
  let token: string | null = null;
  expect((await requested({ token: () => token })).headers.has('Authorization')).toBe(false);
  token = 'new';
  expect((await requested({ token: () => token })).headers.get('Authorization')).toBe('Bearer new');
});

test('a problem is known by its code', () => {
  const problem = {
    type: 'about:blank',
    code: 'slow_down',
    title: 'Too many requests',
    status: 429,
    detail: 'Please wait',
    request_id: '1',
  };
  expect(problemOf(problem)?.code).toBe('slow_down');
  expect(problemOf({ message: 'Request Too Long' })).toBeNull();
  expect(problemOf('<html>')).toBeNull();
  expect(problemOf(undefined)).toBeNull();
});

test('the public page of a bulletin is one for people, at the same service', () => {
  expect(publicPage('https://tips.example/v1/bulletins/B-7K2')).toBe(
    'https://tips.example/bulletins/B-7K2',
  );
  expect(publicPage('https://api.example/api/v1/bulletins/B-7K2')).toBe(
    'https://api.example/api/bulletins/B-7K2',
  );
});
