import { expect, test } from 'vitest';
import { asAppointment, isOnlyProposed, mistakesIn, type Officer, type Row, rowChanges, withRoles } from './row.ts';

const ROW: Row = {
  name: 'Officer Wang',
  active: true,
  roles: ['officer'],
  categories: ['traffic_violation'],
  districts: ['*'],
  email: 'wang@police.example',
  phone: null,
};

test('finds nothing in an equal row', () => {
  expect(rowChanges(ROW, { ...ROW })).toEqual([]);
});

test('says what is added to a scope and what is taken away', () => {
  expect(rowChanges(ROW, { ...ROW, categories: ['other'], roles: ['officer', 'supervisor'] })).toEqual([
    { field: 'roles', added: ['supervisor'], removed: [], kept: ['officer'] },
    { field: 'categories', added: ['other'], removed: ['traffic_violation'], kept: [] },
  ]);
});

test('shows an address that changes', () => {
  expect(rowChanges(ROW, { ...ROW, email: 'new@police.example' })).toEqual([
    { field: 'email', before: 'wang@police.example', after: 'new@police.example' },
  ]);
});

test('makes a body that changes nothing', () => {
  expect(rowChanges(ROW, asAppointment(ROW) as Row)).toEqual([]);
});

test('knows who is only proposed', () => {
  const proposal = { version: 1, by: 'zhao', at: '', expires_at: '', row: ROW };
  const nobody = { ...ROW, active: false, roles: [], username: 'wang', approves_from: null };
  expect(isOnlyProposed({ ...nobody, proposal } satisfies Officer)).toBe(true);
  expect(isOnlyProposed({ ...nobody, ...ROW, proposal } satisfies Officer)).toBe(false);
});

test('all that is wrong with a row is said at once', () => {
  const wrong = { ...asAppointment(ROW), categories: [], email: 'lin', phone: '13800138000' };
  expect(mistakesIn('Hu Wei', wrong)).toEqual(['username', 'categories', 'email', 'phone']);
  expect(mistakesIn('none', wrong)).toContain('username');
  const right = { ...wrong, categories: ['*'], email: 'lin@tipline.test', phone: '+8613800138000' };
  expect(mistakesIn('hu.wei', right)).toEqual([]);
  const pasted = { ...right, email: '\u200elin@tipline.test', phone: '\u202a+8613800138000\u202c' };
  expect(mistakesIn('hu.wei', pasted)).toEqual([]);
});

test('lets oversight stand alone, without a scope', () => {
  const row = asAppointment(ROW);
  const alone = withRoles(row, ['officer', 'oversight']);
  expect(alone).toEqual({ roles: ['oversight'], categories: [], districts: [] });
  expect(mistakesIn('wang', { ...row, ...alone })).toEqual([]);
  expect(withRoles({ ...row, ...alone }, ['oversight', 'officer'])).toEqual({ roles: ['officer'] });
});

test('lets a machine stand alone, with a scope and no address', () => {
  const row = { ...asAppointment(ROW), email: 'dispatch@police.example' };
  const alone = withRoles(row, ['officer', 'system']);
  expect(alone).toEqual({ roles: ['system'], email: null, phone: null });
  expect(mistakesIn('dispatch', { ...row, ...alone, categories: [] })).toEqual(['categories']);
});
