/** Every officers' route of the API has its screen, or a reason why it has none. */

import { expect, test } from 'vitest';

// What the API has and no screen calls, with the reason.
const WITHOUT_A_SCREEN: Readonly<Record<string, string>> = {
  'GET /v1/officer/forms': 'An opened report has its answers with the labels of their form.',
  'GET /v1/officer/events': 'Other systems fetch them: docs/events.md.',
  'POST /v1/officer/reports/{report_id}/read': 'Each step on a report counts it as read.',
};

// A call of a path, or of a constant that has one.
const CALL = /\.(GET|POST|PUT|PATCH|DELETE)\(\s*(?:'([^']*)'|(\w+))/g;
const CONSTANT = /const (\w+) = '(\/v1\/[^']*)'/g;
const OFFICERS = /^\/v1\/(officer|admin|audit)\//;

const sources = import.meta.glob<string>(['./**/*.{ts,tsx}', '!./**/*.test.ts'], {
  query: '?raw',
  import: 'default',
  eager: true,
});
const indexes = import.meta.glob<string>('../../chalicelib/*/routes.json', {
  query: '?raw',
  import: 'default',
  eager: true,
});

function served(): string[] {
  const [index = '[]'] = Object.values(indexes);
  return (JSON.parse(index) as { method: string; path: string }[])
    .filter(({ path }) => OFFICERS.test(path))
    .map(({ method, path }) => `${method} ${path}`);
}

function called(): Set<string> {
  return new Set(Object.values(sources).flatMap(callsOf));
}

function callsOf(source: string): string[] {
  const constants = [...source.matchAll(CONSTANT)];
  return [...source.matchAll(CALL)]
    .map(({ 1: method, 2: path, 3: name, index }) => {
      // The nearest one above: functions of a file have constants of the same name.
      const constant = constants.filter((each) => each[1] === name && each.index < index).at(-1);
      return [method, path ?? constant?.[2] ?? ''] as const;
    })
    .filter(([, path]) => OFFICERS.test(path))
    .map(([method, path]) => `${method} ${path}`);
}

test('each route of officers is called by a screen, or has a reason not to be', () => {
  const calls = called();
  const without = served().filter((route) => !calls.has(route));
  expect(without.sort()).toEqual(Object.keys(WITHOUT_A_SCREEN).sort());
});

test('no screen calls a route that the API does not have', () => {
  const known = served();
  expect(known.length).toBeGreaterThan(60);
  expect([...called()].filter((route) => !known.includes(route))).toEqual([]);
});
