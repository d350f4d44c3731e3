import { expect, test } from 'vitest';

import { publicPage } from './public-page.ts';

test('the public page of a bulletin is one for people, at the same service', () => {
  expect(publicPage('https://tips.example/v1/bulletins/B-7K2')).toBe(
    'https://tips.example/bulletins/B-7K2',
  );
  expect(publicPage('https://api.example/api/v1/bulletins/B-7K2')).toBe(
    'https://api.example/api/bulletins/B-7K2',
  );
});
