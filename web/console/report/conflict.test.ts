import { expect, test } from 'vitest';

import { differences, remaining } from './conflict.ts';

const SEEN = {
  status: 'new' as const,
  assignee: null,
  urgency: 'high' as const,
  category: 'missing_elderly',
  disposition: null,
  reason: null,
  duplicate_of: null,
};
const TAKEN = { ...SEEN, status: 'acknowledged' as const, assignee: 'zhao' };

test('what the other officer has changed is shown with what I wanted', () => {
  expect(differences(SEEN, TAKEN, { assignee: 'li' })).toEqual([
    { field: 'status', before: 'new', theirs: 'acknowledged', mine: undefined },
    { field: 'assignee', before: null, theirs: 'zhao', mine: 'li' },
  ]);
});

test('what only I wanted is shown too', () => {
  expect(differences(SEEN, TAKEN, { urgency: 'critical' }).map(({ field }) => field)).toEqual([
    'status',
    'assignee',
    'urgency',
  ]);
});

test('taking an assignment back is a wish like any other', () => {
  expect(differences(TAKEN, TAKEN, { assignee: null })).toEqual([
    { field: 'assignee', before: 'zhao', theirs: 'zhao', mine: null },
  ]);
});

test('nothing is left when the other officer has done the same', () => {
  expect(remaining(TAKEN, { status: 'acknowledged' })).toBeNull();
  expect(remaining(TAKEN, { status: 'acknowledged', assignee: 'li' })).toEqual({
    status: 'acknowledged',
    assignee: 'li',
  });
});
