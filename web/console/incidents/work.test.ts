import { afterEach, expect, test } from 'vitest';

import { language } from '../../shared/language.ts';
import { text } from './texts.ts';
import { noneOf, offeredOf } from './work.tsx';

const one = { reference: 'P3XW-8K2D', status: 'new' as const };
const nothing = { count: 0, items: [], others_count: 0, others: [], compared: true };

afterEach(() => {
  language.value = 'en';
});

test('what an officer has taken out of an incident is not offered to it again', () => {
  const items = ['a', 'b', 'c'].map((id) => ({ ...one, id }));
  const others = ['d', 'e'].map((id) => ({ ...one, id }));
  const found = { ...nothing, count: 60, items, others_count: 2, others };
  const offered = offeredOf(found, 'this', new Set(['this b', 'other c', 'this d']));
  expect(offered.ids).toEqual(['a', 'c']);
  expect(offered.count).toBe(59);
  expect([offered.others_count, offered.others.map(({ id }) => id)]).toEqual([1, ['e']]);
});

test('that no report is like these is said only when none is near and all could be compared', () => {
  const near = { ...nothing, others_count: 1, others: [{ ...one, id: 'a' }] };
  const gone = { ...nothing, compared: false };
  const said = () => [nothing, near, gone].map((found) => text().none(noneOf(found)));
  expect(said()).toEqual([
    'No other report is like these so far. New ones are compared every minute.',
    'No more are taken in together.',
    'Reports of more than three days ago can no longer be compared with others.',
  ]);
  language.value = 'zh';
  expect(said()).toEqual([
    '目前没有其他相似的举报。新举报每分钟比对一次。',
    '没有可一并并入的举报。',
    '超过三天的举报无法再与其他举报比对。',
  ]);
});
