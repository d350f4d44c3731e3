import { texts } from '../../shared/language.ts';
import { spaced } from '../words.ts';

export const sessionTexts = texts({
  en: {
    title: 'Officers’ console',
    starting: 'Signing in…',
    window: 'You are signed in. You can close this window.',
    signedOut: 'You are signed out.',
    signedOutHint: 'Close the browser on a machine that others use.',
    signIn: 'Sign in',
    failed: 'You are not signed in',
    tryAgain: 'Try again',
    problem: {
      state: 'The sign-in took too long, or began in another window. Begin it again.',
      network: 'The sign-in service cannot be reached. Check the connection.',
      issuer: 'The answer came from another sign-in service. Begin again, and tell whoever runs the service if it happens twice.',
      config: 'The console could not read where to sign in. Try again in a minute.',
      other: 'The sign-in service refused. Its word for it:',
    },
    noRow: 'You are signed in, but nobody has appointed you here yet.',
    noRowHint: 'Ask an administrator of the tip line to give you a role.',
    unreachable: 'The service does not respond.',
    locked: 'The screen is locked',
    lockedWhy: (name: string) =>
      `Nothing was done for 15 minutes. What you have written is kept. Only ${name} can go on.`,
    lockedByHand: (name: string) =>
      `It was locked by hand. What you have written is kept. Only ${name} can go on.`,
    ended: 'Your sign-in has ended',
    endedWhy: (name: string) => `Sign in again as ${name}. What you have written is kept.`,
    unlock: 'Sign in again',
    unlockHint: 'The sign-in page opens in a window of its own.',
    discard: 'Sign out and discard what I have written',
    signOut: 'Sign out',
    unlockProblem: {
      other_officer: 'That is another officer. Only the officer of this screen can go on.',
      not_asked:
        'The sign-in service did not ask for the password. Sign out, and then sign in again.',
      locked_meanwhile: 'The screen was locked meanwhile. Sign in once more.',
      refused: 'The sign-in failed. Try again.',
      no_window: 'The browser has blocked the window. Allow windows of this page, and try again.',
    },
    warning: 'The screen locks soon',
    warningWhy: (seconds: number) =>
      seconds > 60
        ? `Nothing was done for a while. The screen locks in ${Math.ceil(seconds / 60)} minutes.`
        : `The screen locks in ${seconds} seconds.`,
    stay: 'Go on working',
  },
  zh: {
    title: '民警工作台',
    starting: '正在登录……',
    window: '已登录，可以关闭此窗口。',
    signedOut: '您已退出登录。',
    signedOutHint: '如与他人共用电脑，请关闭浏览器。',
    signIn: '登录',
    failed: '未能登录',
    tryAgain: '重试',
    problem: {
      state: '登录用时过长，或是在另一个窗口开始的。请重新登录。',
      network: '无法连接登录服务。请检查网络。',
      issuer: '应答来自另一个登录服务。请重新登录；如再次出现，请告知系统运维人员。',
      config: '无法读取登录设置。请稍后再试。',
      other: '登录服务拒绝了请求，其代码为：',
    },
    noRow: '您已登录，但尚未被任命。',
    noRowHint: '请联系平台管理员分配角色。',
    unreachable: '服务没有响应。',
    locked: '屏幕已锁定',
    lockedWhy: (name: string) =>
      spaced(`15 分钟没有操作。您写的内容已保留。只有${name}可以继续。`),
    lockedByHand: (name: string) =>
      spaced(`已手动锁定。您写的内容已保留。只有${name}可以继续。`),
    ended: '登录已失效',
    endedWhy: (name: string) => spaced(`请以${name}的身份重新登录。您写的内容已保留。`),
    unlock: '重新登录',
    unlockHint: '登录页会在新窗口中打开。',
    discard: '退出登录并放弃所写内容',
    signOut: '退出登录',
    unlockProblem: {
      other_officer: '这是另一位民警。只有本屏幕的民警可以继续。',
      not_asked: '登录服务没有要求输入密码。请先退出，再重新登录。',
      locked_meanwhile: '期间屏幕已被锁定。请再登录一次。',
      refused: '登录失败，请重试。',
      no_window: '浏览器拦截了窗口。请允许本页打开窗口后重试。',
    },
    warning: '屏幕即将锁定',
    warningWhy: (seconds: number) =>
      seconds > 60
        ? `已有一段时间没有操作，屏幕将在 ${Math.ceil(seconds / 60)} 分钟后锁定。`
        : `屏幕将在 ${seconds} 秒后锁定。`,
    stay: '继续工作',
  },
});
