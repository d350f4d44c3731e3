import { expect, test } from 'vitest';

import { Attempts, Keys } from './drafts.ts';

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

const REPLY = { text: 'We have found him.', asks: false };
const BEFORE = [{ id: 'M1', from: 'officer', text: REPLY.text }] as const;
const NEWS = { id: 'M2', from: 'reporter', text: 'Any news?' } as const;

test('the same reply is sent with the same key until it was answered, whatever was written since', () => {
  const attempts = new Attempts();
  const key = attempts.begin('R1', REPLY, BEFORE);
  expect(attempts.begin('R1', REPLY, [...BEFORE, NEWS])).toBe(key);
  attempts.done('R1');
  expect(attempts.begin('R1', REPLY, BEFORE)).not.toBe(key);
});

test('other words, and those that ask for media, are another reply; so are those of another report', () => {
  const attempts = new Attempts();
  const key = attempts.begin('R1', REPLY, BEFORE);
  expect(attempts.begin('R2', REPLY, BEFORE)).not.toBe(key);
  expect(attempts.begin('R1', { ...REPLY, asks: true }, BEFORE)).not.toBe(key);
  expect(attempts.begin('R1', { ...REPLY, text: 'Thanks.' }, BEFORE)).not.toBe(key);
});

test('a reply without an answer has arrived when it is among the messages, and was not before', () => {
  const attempts = new Attempts();
  expect(attempts.arrived('R1', BEFORE)).toBeNull();
  attempts.begin('R1', REPLY, BEFORE);
  expect(attempts.arrived('R1', [...BEFORE, NEWS])).toBeNull();
  expect(attempts.arrived('R1', [...BEFORE, { ...NEWS, text: REPLY.text }])).toBeNull();
  expect(attempts.arrived('R1', [...BEFORE, { ...BEFORE[0], id: 'M3' }])).toBe(REPLY.text);
});
