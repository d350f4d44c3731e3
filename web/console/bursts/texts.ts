import { texts } from '../../shared/language.ts';
import { grouped } from '../numbers.ts';
import type { Burst } from '../types.ts';
import { spaced } from '../words.ts';

/** Return how many reports a burst has, in words. */
export function numberOf({ count, is_exact: isExact }: Pick<Burst, 'count' | 'is_exact'>): string {
  return text().number(grouped(count), count === 1, isExact);
}

export const text = texts({
  en: {
    title: (category: string) => `Burst: ${category}`,
    unproven: 'Without proof of work',
    number: (count: string, isOne: boolean, isExact: boolean) =>
      `${isExact ? '' : 'more than '}${count} ${isOne ? 'report' : 'reports'}`,
    what: 'In this hour these reports came without the proof of work that an app sends, more of them than a source may send. They are in no list by attention, and officers are notified of their number alone. That says nothing about whether one is true: open it, and lift it out.',
    hour: 'Received, by the city’s clocks',
    count: 'Still in it',
    gone: 'In your scope nothing is left of this burst: its reports are closed, or stand with the others.',
    closing: 'Close them as one',
    closeAll: (number: string) => `Close all: ${number}…`,
    ask: (number: string) =>
      `You ask to close ${number} as one. Nothing is closed until a second officer approves it.`,
    stays:
      'What comes from now on stays, and what officers have taken or lifted out. So does each to which the reporter has added something, such as a message, unless you say:',
    unread: 'Close those, too, to which the reporter has added something',
    closeAs: (disposition: string) => `Ask to close as “${disposition}”`,
    cancel: 'Cancel',
    asked: (by: string, at: string, disposition: string) =>
      `${by} has asked, on ${at}, to close all that had come by then as “${disposition}”.`,
    withUnread: 'Also those to which the reporter has added something since.',
    withoutUnread: 'Those to which the reporter has added something since stay.',
    own: 'A second officer must approve it.',
    hint: 'Look at some of them first: the list is below. It goes on record with both names.',
    approve: 'Approve, and close them',
    takeBack: 'Take it back',
    decline: 'Decline',
    approved: (by: string) => `${by} has approved it.`,
    goOn: 'Go on closing',
    progress: (closed: string, number: string) => `${closed} of ${number} closed.`,
    done: (closed: string) => `${closed} closed: that is all that was asked for.`,
    left: 'What is left in it came later, or has something new from its reporter.',
    stuck: 'What is left cannot be closed at present. Try again in a minute.',
    changed: (by: string, at: string, disposition: string) =>
      `It has been replaced since you read it. You read: ${by}, ${at}, “${disposition}”.`,
  },
  zh: {
    title: (category: string) => `成批涌入：${category}`,
    unproven: '未通过防刷验证',
    number: (count: string, _isOne: boolean, isExact: boolean) =>
      `${isExact ? '' : '超过 '}${count} 件`,
    what: '这些举报在这一小时内收到，没有通过应用应完成的防刷验证，且超出同一来源的限额。它们不在按处理顺序的列表中，只按数量通知民警。这不说明内容真伪：请打开查看，属实的可单独提出。',
    hour: '收到时间',
    count: '尚有',
    gone: '您的职责范围内，这一批已没有剩余：其中的举报已办结，或已与其他举报同列。',
    closing: '一并办结',
    closeAll: (number: string) => `全部办结：${number}……`,
    ask: (number: string) => spaced(`您申请将${number}一并办结。须由第二名民警批准后才会办结。`),
    stays: '此后收到的、民警已接手的和已单独提出的不受影响。举报人后来有补充（如留言）的也不受影响，除非您选择：',
    unread: '举报人后来有补充的也一并办结',
    closeAs: (disposition: string) => `申请按“${disposition}”办结`,
    cancel: '取消',
    asked: (by: string, at: string, disposition: string) =>
      spaced(`${by}于${at}申请将当时已收到的全部按“${disposition}”办结。`),
    withUnread: '包括举报人后来有补充的。',
    withoutUnread: '举报人后来有补充的不受影响。',
    own: '须由第二名民警批准。',
    hint: '请先查看其中几件：列表在下方。两名民警的姓名均会记录在案。',
    approve: '批准并办结',
    takeBack: '撤回申请',
    decline: '驳回',
    approved: (by: string) => spaced(`${by}已批准。`),
    goOn: '继续办结',
    progress: (closed: string, number: string) => `已办结 ${closed} 件，共 ${number}。`,
    done: (closed: string) => `已办结 ${closed} 件，申请范围内的已全部办结。`,
    left: '余下的是此后收到的，或举报人有新补充的。',
    stuck: '余下的目前无法办结，请一分钟后重试。',
    changed: (by: string, at: string, disposition: string) =>
      spaced(`您阅读之后，该申请已被替换。您读到的是：${by}，${at}，“${disposition}”。`),
  },
});
