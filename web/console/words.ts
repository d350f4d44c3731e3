/** What the fixed words of the API are called on a screen. */

import { texts } from '../shared/language.ts';

export const words = texts({
  en: {
    status: {
      new: 'New',
      acknowledged: 'Acknowledged',
      in_progress: 'In progress',
      closed: 'Closed',
      withdrawn: 'Withdrawn',
    },
    urgency: { low: 'Low', normal: 'Normal', high: 'High', critical: 'Critical' },
    disposition: {
      resolved: 'Resolved',
      no_action: 'True, nothing to be done',
      duplicate: 'Duplicate',
      unfounded: 'Checked, and not true',
      malicious: 'Malicious',
      not_police: "Another department's matter",
    },
    flag: {
      clock_skew: 'Phone clock was wrong',
      outside_district: 'Outside the districts',
      after_closing: 'New after closing',
      muted: 'Muted',
      referred: 'Referral waits',
      referral_declined: 'Referral declined',
      passed_on: 'Passed on',
      hand_over: 'Hand it over',
      overdue: 'Overdue',
    },
    due: { review: 'Review due', look_again: 'Look again', legal_deadline: 'Legal deadline' },
    /** Of steps of a report that await a second officer. */
    awaits: {
      hold: 'Legal hold waits for approval',
      hold_lift: 'Lifting the hold waits for approval',
      closing: 'End waits for a second officer',
      referral: 'Referral waits for approval',
      mask: 'Mask waits for approval',
      request: 'Request of a third person waits',
      oversight_return: 'Return to the station waits for approval',
    },
    roles: {
      officer: 'Officer',
      supervisor: 'Supervisor',
      admin: 'Administrator',
      auditor: 'Auditor',
      oversight: 'Oversight',
      system: 'Machine',
    },
    oversight: 'About the police',
    source: { phone: 'By telephone', desk: 'At the desk', other: 'Other', drill: 'Drill' },
    mediaState: {
      awaiting: 'Not uploaded yet',
      processing: 'Being prepared',
      ready: 'Ready',
      rejected: 'Not usable',
    },
    rejected: {
      not_received: 'It never arrived.',
      size_mismatch: 'Its size is not the one that was declared.',
      too_large: 'It is too large.',
      unsupported_format: 'Its format is not supported.',
      unsupported_codec: 'Its codec is not supported.',
      unreadable: 'It cannot be read.',
      too_many_pixels: 'It has too many pixels.',
      no_video: 'It has no picture.',
      unprocessable: 'It could not be prepared.',
      withdrawn: 'The report was withdrawn.',
    },
    why: { place: 'Near, at about the same time', text: 'Similar text', picture: 'Similar picture' },
    yes: 'Yes',
    no: 'No',
  },
  zh: {
    status: {
      new: '新举报',
      acknowledged: '已签收',
      in_progress: '处理中',
      closed: '已办结',
      withdrawn: '已撤回',
    },
    urgency: { low: '低', normal: '一般', high: '紧急', critical: '特急' },
    disposition: {
      resolved: '已解决',
      no_action: '属实，无需处理',
      duplicate: '重复',
      unfounded: '经核实不属实',
      malicious: '恶意',
      not_police: '属其他部门',
    },
    flag: {
      clock_skew: '手机时间有误',
      outside_district: '辖区外',
      after_closing: '办结后有新内容',
      muted: '已静音',
      referred: '转交待批准',
      referral_declined: '转交被驳回',
      passed_on: '已转交',
      hand_over: '需人工移交',
      overdue: '已超时',
    },
    due: { review: '复核到期', look_again: '再次查看', legal_deadline: '法定期限' },
    awaits: {
      hold: '依法保全待批准',
      hold_lift: '解除保全待批准',
      closing: '办结待第二人确认',
      referral: '转交待批准',
      mask: '遮盖待批准',
      request: '第三人的请求待决定',
      oversight_return: '退回派出所待批准',
    },
    roles: { officer: '民警', supervisor: '值班领导', admin: '管理员', auditor: '审计员', oversight: '监督', system: '系统' },
    oversight: '涉警举报',
    source: { phone: '电话', desk: '窗口', other: '其他', drill: '演练' },
    mediaState: {
      awaiting: '尚未上传',
      processing: '处理中',
      ready: '可查看',
      rejected: '不可用',
    },
    rejected: {
      not_received: '一直没有收到。',
      size_mismatch: '大小与申报不符。',
      too_large: '文件过大。',
      unsupported_format: '不支持该格式。',
      unsupported_codec: '不支持该编码。',
      unreadable: '无法读取。',
      too_many_pixels: '像素过多。',
      no_video: '没有画面。',
      unprocessable: '无法处理。',
      withdrawn: '举报已撤回。',
    },
    why: { place: '地点和时间相近', text: '文字相似', picture: '图片相似' },
    yes: '是',
    no: '否',
  },
});

/** Return the word for a code, or the code itself: the API may know more of them one day. */
export function wordFor(table: Readonly<Record<string, string>>, code: string): string {
  return table[code] ?? code;
}

/** Return a Chinese sentence with a space between its letters and those of a Latin name or number. */
export function spaced(sentence: string): string {
  return sentence
    .replace(/(\p{Script=Han})([\p{Script=Latin}\d])/gu, '$1 $2')
    .replace(/([\p{Script=Latin}\d])(\p{Script=Han})/gu, '$1 $2');
}

/**
 * Return two Chinese names as one, without touching what somebody has written: with a space between
 * them unless both are Chinese where they meet, or one has a sign there. The API does the same.
 */
export function apart(before: string, after: string): string {
  const gap = /[\p{L}\p{N}]$/u.test(before) && /^[\p{L}\p{N}]/u.test(after);
  const isChinese = /\p{Script=Han}$/u.test(before) && /^\p{Script=Han}/u.test(after);
  return `${before}${gap && !isChinese ? ' ' : ''}${after}`;
}

/** Return what ends a Chinese sentence in quotation marks: a text that ends by itself has no second stop. */
export function quoted(text: string): string {
  return `“${text}”${/[。！？…!?.]$/u.test(text) ? '' : '。'}`;
}
