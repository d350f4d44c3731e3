import { expect, test } from 'vitest';

import {
  authenticatedAt,
  authorizationUrl,
  challengeOf,
  configOf,
  newProof,
  randomText,
  signOutUrl,
} from './issuer.ts';

const CONFIG = configOf({
  issuer: 'https://id.example',
  authorization_endpoint: 'https://id.example/authorize?tenant=police',
  token_endpoint: 'https://id.example/token',
  end_session_endpoint: 'https://id.example/logout',
  client_id: 'tipline',
  scope: 'openid tipline/officer',
  api: '',
});
const REQUEST = { state: 's', challenge: 'c', redirect: 'https://t.example/console/', language: 'zh' };

test('an officer is sent to the issuer with a challenge, and without the verifier', () => {
  const url = new URL(authorizationUrl(CONFIG, { ...REQUEST, again: false }));
  expect(Object.fromEntries(url.searchParams)).toEqual({
    tenant: 'police',
    response_type: 'code',
    client_id: 'tipline',
    redirect_uri: 'https://t.example/console/',
    scope: 'openid tipline/officer',
    state: 's',
    code_challenge: 'c',
    code_challenge_method: 'S256',
    lang: 'zh-CN',
    ui_locales: 'zh-CN',
  });
});

test('after a lock the issuer has to ask for the password', () => {
  const url = new URL(authorizationUrl(CONFIG, { ...REQUEST, again: true }));
  expect(url.searchParams.get('prompt')).toBe('login');
  expect(url.searchParams.get('max_age')).toBe('0');
});

test('a sign-out comes back to the console', () => {
  const url = new URL(signOutUrl(CONFIG, 'https://t.example/console/') ?? '');
  expect(url.searchParams.get('logout_uri')).toBe('https://t.example/console/');
  expect(signOutUrl({ ...CONFIG, end_session_endpoint: null }, 'x')).toBeNull();
});

test('a token says when its holder was last asked, if it is one that says so', () => {
  const payload = btoa(JSON.stringify({ auth_time: 1_790_000_000 })).replaceAll('=', '');
  expect(authenticatedAt(`h.${payload}.s`)).toBe(1_790_000_000_000);
  expect(authenticatedAt('opaque')).toBeNull();
  expect(authenticatedAt('a.b.c')).toBeNull();
});

test('a configuration without an endpoint is none', () => {
  expect(() => configOf({ issuer: 'x' })).toThrow('authorization_endpoint');
});

test('a challenge is that of RFC 7636, appendix B', async () => {
  const challenge = await challengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk');
  expect(challenge).toBe('E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM');
});

test('each proof is a new one, of the length that the RFC allows', async () => {
  const [one, other] = [await newProof(), await newProof()];
  expect(one.verifier).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(one.verifier).not.toBe(other.verifier);
  expect(one.challenge).toBe(await challengeOf(one.verifier));
});

test('random text needs no escaping in an address', () => {
  for (let round = 0; round < 50; round += 1) {
    const text = randomText(16);
    expect(encodeURIComponent(text)).toBe(text);
  }
});
