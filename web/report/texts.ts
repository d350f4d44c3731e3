/** The words of the frame around each screen. */
import { texts } from '../shared/language.ts';

const en = {
  skip: 'Skip to the content',
  leave: 'Leave this page',
  leaveHint: '“Leave this page” opens a weather page. It does not delete the history of the browser.',
  red: 'Report now',
  back: 'Back to the start',
  loading: 'Loading…',
  offline: 'No connection. You can write now. It is sent when you are connected again.',
  failed: 'This could not be loaded.',
  failedWhy: 'Check your connection. If it works, wait a minute and try again.',
  again: 'Try again',
  memory: 'This browser does not let the page keep anything.',
  memoryUnsent: 'Do not close it before everything is sent.',
  memoryReceipt: 'When you close it, your receipt is gone: take it down first.',
  trace:
    'Nothing about a report is in the address or the title of this page. The history of the browser keeps only that you opened it.',
  older: 'Your browser could not load this part. Open the page again.',
};

const zh: typeof en = {
  skip: '跳到正文',
  leave: '立即离开',
  leaveHint: '“立即离开”会打开天气网页，但不会删除浏览器的历史记录。',
  red: '我要举报',
  back: '返回首页',
  loading: '正在加载…',
  offline: '没有网络。您可以先写，连上网后会自动发送。',
  failed: '加载失败。',
  failedWhy: '请检查网络。如果网络正常，请过一分钟再试。',
  again: '再试一次',
  memory: '此浏览器不允许页面保存任何内容。',
  memoryUnsent: '全部发送完之前，请不要关闭页面。',
  memoryReceipt: '页面一关闭，回执就没有了，请先记下。',
  trace: '网址和标题中没有任何关于举报的内容。浏览器的历史记录只会显示您打开过本页。',
  older: '浏览器未能加载这一部分。请重新打开本页。',
};

export const frame = texts({ en, zh });
