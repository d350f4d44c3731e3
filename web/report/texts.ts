/** The words of the frame around each screen. */
import { texts } from '../shared/language.ts';

const en = {
  skip: 'Skip to the content',
  leave: 'Leave this page',
  leaveHint: 
    '“Leave this page”, or three quick presses of Shift, opens a weather page. It erases what is on this device, or hides it under the word that you chose for it. What you have saved, such as the picture of the receipt or a proof, stays among your downloads: remove it yourself. What you have sent is shown no more, and goes when it has arrived. The history of the browser still has that you opened this page. The browser’s files can tell an expert that you began a report, and your location stays allowed if you allowed it.',
  red: 'Report now',
  back: 'Back to the start',
  loading: 'Loading…',
  offline: 'No connection.',
  offlineWrite: 'You can write now. It is sent when you are connected again.',
  failed: 'This could not be loaded.',
  failedWhy: 'Check your connection. If it works, wait a minute and try again.',
  again: 'Try again',
  memory: 'This browser does not let the page keep anything.',
  memoryUnsent: 'Do not close it before everything is sent.',
  memoryReceipt: 'When you close it, your receipt is gone: keep it elsewhere first.',
  whose: 'Whose page this is',
  trace:
    'Nothing about a report is in the address or the title of this page.',
  older: 'Your browser could not load this part. Open the page again.',
};

const zh: typeof en = {
  skip: '跳到正文',
  leave: '立即离开',
  leaveHint: '点“立即离开”或连按三次 Shift 键，会打开天气网页，并删除这台设备上的内容，或用您设的暗语隐藏。您保存的回执图片或证明仍在下载内容中，请自行删除。已点发送的内容不再显示，送达后即删除。浏览器的历史记录仍会显示您打开过本页，懂技术的人可以从它的文件中看出您开始过举报。您允许过的位置权限也会保留。',
  red: '我要举报',
  back: '返回首页',
  loading: '正在加载…',
  offline: '没有网络。',
  offlineWrite: '您可以先写，连上网后会自动发送。',
  failed: '加载失败。',
  failedWhy: '请检查网络。如果网络正常，请过一分钟再试。',
  again: '再试一次',
  memory: '此浏览器不允许页面保存任何内容。',
  memoryUnsent: '全部发送完之前，请不要关闭页面。',
  memoryReceipt: '页面一关闭，回执就没有了，请先记下。',
  whose: '本页所属',
  trace: '网址和标题中没有任何关于举报的内容。',
  older: '浏览器未能加载这一部分。请重新打开本页。',
};

export const frame = texts({ en, zh });
