import { expect, test } from 'vitest';

import { Keys } from './keys.ts';

test('a repeated body has the same key until it was accepted', () => {
  const keys = new Keys();
  const first = keys.for('Thank you.');
  expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  expect(keys.for('Thank you.')).toBe(first);
  keys.done();
  expect(keys.for('Thank you.')).not.toBe(first);
});

test('another body has another key', () => {
  const keys = new Keys();
  expect(keys.for('one')).not.toBe(keys.for('two'));
});
