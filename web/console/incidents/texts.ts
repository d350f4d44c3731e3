import { texts } from '../../shared/language.ts';
import { grouped } from '../numbers.ts';

const reports = (count: number) => `${grouped(count)} ${count === 1 ? 'report' : 'reports'}`;
const many = (count: number) => `${grouped(count)} 件`;

export const text = texts({
  en: {
    title: 'Incident',
    titled: (first: string) => `Incident of ${first}`,
    count: 'Reports in your scope',
    received: 'Received',
    places: 'Districts',
    map: 'On the map',
    label: 'Map of the incident: the darker a district, the more reports. The list above has the numbers.',
    comma: ', ',
    find: 'Find reports of one event',
    found: (count: number) =>
      count === 0
        ? 'No three open reports look like one event.'
        : `${grouped(count)} ${count === 1 ? 'group that' : 'groups, each of which'} may be one event.`,
    event: (count: number, categories: string[]) => `${categories.join(', ')}: ${count} reports`,
    first: 'The others were found from this one',
    take: 'Take in',
    taken: 'Taken into one incident',
    gone: 'No report of this incident is in your scope any more.',
    similar: (count: number) =>
      `${grouped(count)} more ${count === 1 ? 'report is' : 'reports are'} like these`,
    none: (why: 'none' | 'others' | 'gone') =>
      ({
        none: 'No other report is like these so far. New ones are compared every minute.',
        others: 'No more are taken in together.',
        gone: 'Reports of more than three days ago can no longer be compared with others.',
      })[why],
    others: (count: number) => `${grouped(count)} ${count === 1 ? 'report' : 'reports'} nearby, or alike in one way`,
    othersHint: 'They may be of this event: open one to see. They are taken in one by one.',
    takeOne: (reference: string) => `Take in ${reference}`,
    lookAgain: 'Look again',
    andMore: (count: number) => `and ${grouped(count)} more`,
    takeIn: (count: number) => (count === 1 ? 'Take it in' : `Take all in: ${grouped(count)}`),
    takeInHint:
      'What differs stays outside: a category that an event of this kind is not reported in, and a critical report that is alike in one way alone. Each can be taken out again.',
    keys: 'Space chooses a report, Shift and Space all up to it, Shift and A all that are shown. Escape chooses none.',
    keysOf: {
      enter: 'Open the report',
      choose: 'Choose the report, or no longer',
      work: {
        i: 'Take in those that are like these',
        s: 'Take a step on the chosen ones, or on all',
        p: 'Split the chosen ones off',
        o: 'Take the chosen ones out',
        n: 'After a step: open the next report that is not opened yet',
      },
    },
    bar: 'With the reports of this incident',
    all: 'Choose all',
    split: 'Split off',
    takeOut: 'Take out',
    step: (count: number, isPart: boolean) => `A step on ${isPart ? '' : 'all '}${grouped(count)}…`,
    takenIn: (count: number) => `${reports(count)} taken in.`,
    isSplit: (count: number) =>
      count === 1 ? '1 report is an incident of its own now.' : `${reports(count)} are a new incident now.`,
    toNew: 'To the new incident',
    toOther: 'To the other incident',
    into: 'Into another incident…',
    intoIt: 'Put them into it',
    number: reports,
    isMoved: (count: number) => `${reports(count)} went into the other incident.`,
    takenOut: (count: number) => `${reports(count)} taken out: back in the queue as before.`,
  },
  zh: {
    title: '事件',
    titled: (first: string) => `${first} 的事件`,
    count: '您职责范围内的举报',
    received: '收到时间',
    places: '区域',
    map: '在地图上显示',
    label: '事件地图，颜色越深举报越多，数字见上方列表。',
    comma: '，',
    find: '查找同一事件的举报',
    found: (count: number) =>
      count === 0 ? '没有三件以上看似同一事件的未结举报。' : `找到 ${count} 组，每组可能是同一事件。`,
    event: (count: number, categories: string[]) => `${categories.join('、')}：${count} 件举报`,
    first: '其余由此件查得',
    take: '归为一个事件',
    taken: '已归为一个事件',
    gone: '您的职责范围内已没有此事件的举报。',
    similar: (count: number) => `另有 ${many(count)}与此相似`,
    none: (why: 'none' | 'others' | 'gone') =>
      ({
        none: '目前没有其他相似的举报。新举报每分钟比对一次。',
        others: '没有可一并并入的举报。',
        gone: '超过三天的举报无法再与其他举报比对。',
      })[why],
    others: (count: number) => `附近或仅有一方面相似的举报：${many(count)}`,
    othersHint: '可能属于此事件，请打开查看，逐件并入。',
    takeOne: (reference: string) => `并入 ${reference}`,
    lookAgain: '再找一次',
    andMore: (count: number) => `等，另有 ${many(count)}`,
    takeIn: (count: number) => (count === 1 ? '并入事件' : `全部并入：${many(count)}`),
    takeInHint:
      '有差别的不会并入：类别与此类事件无关的，以及仅有一方面相似的特急举报。并入后仍可逐件移出。',
    keys: '空格键选择一件，Shift＋空格连续选择，Shift＋A 全选已显示的，Esc 取消选择。',
    keysOf: {
      enter: '打开举报',
      choose: '选择或取消选择该举报',
      work: {
        i: '并入相似的举报',
        s: '处理所选的举报，未选时处理全部',
        p: '将所选的拆为新事件',
        o: '移出所选的举报',
        n: '处理后：打开下一件尚未打开过的举报',
      },
    },
    bar: '处理此事件的举报',
    all: '全选',
    split: '拆为新事件',
    takeOut: '移出',
    step: (count: number, isPart: boolean) => `${isPart ? '处理所选' : '处理全部'} ${many(count)}……`,
    takenIn: (count: number) => `已并入 ${many(count)}。`,
    isSplit: (count: number) => `已将 ${many(count)}拆为新事件。`,
    toNew: '查看新事件',
    toOther: '查看另一事件',
    into: '并入其他事件……',
    intoIt: '并入该事件',
    number: many,
    isMoved: (count: number) => `已将 ${many(count)}并入另一事件。`,
    takenOut: (count: number) => `已移出 ${many(count)}，在列表中恢复原样。`,
  },
});
