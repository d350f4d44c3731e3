import { texts } from '../../shared/language.ts';

export const text = texts({
  en: {
    title: 'Incident',
    count: 'Reports in your scope',
    received: 'Received',
    places: 'Districts',
    comma: ', ',
    find: 'Find reports of one event',
    found: (count: number) =>
      count === 0 ? 'No three open reports look like one event.' : `Events: ${count}`,
    event: (count: number, category: string) => `${category}: ${count} reports`,
    take: 'Take in',
    taken: 'One incident now',
    gone: 'No report of this incident is in your scope any more.',
  },
  zh: {
    title: '事件',
    count: '您职责范围内的举报',
    received: '收到时间',
    places: '区域',
    comma: '，',
    find: '查找同一事件的举报',
    found: (count: number) =>
      count === 0 ? '没有三份以上看似同一事件的未结举报。' : `找到 ${count} 组，每组可能是同一事件。`,
    event: (count: number, category: string) => `${category}：${count} 份举报`,
    take: '归为一个事件',
    taken: '已归为一个事件',
    gone: '您的职责范围内已没有此事件的举报。',
  },
});
