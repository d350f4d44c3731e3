/** When a bulletin would end. */

import type { Bulletin } from './changes.ts';

// As the API has them: docs/bulletins.md.
const LIFE_HOURS: Record<Bulletin['about'], number> = { child: 72, elderly: 7 * 24, other: 30 * 24 };

/** Return when it would end if it were approved now: as it was asked for, but not after the longest time. */
export function endIfApproved(
  { about, expires_at: asked }: Pick<Bulletin, 'about' | 'expires_at'>,
  now: number,
): string {
  const latest = now + LIFE_HOURS[about] * 3_600_000;
  return new Date(Math.min(asked ? Date.parse(asked) : latest, latest)).toISOString();
}

/** What readers see of a bulletin that was ended, in both languages, whatever the screen's is. */
type EndCode = NonNullable<Bulletin['code']>;
type Ended = 'resolved' | 'withdrawn';
type Language = 'zh' | 'en';

/** How a bulletin was ended. */
export interface End {
  state: Ended;
  code: EndCode;
}

// Those of the API: chalicelib/kernel/texts/. A code says something else of each end.
const FIXED: Record<Ended, Partial<Record<EndCode, Record<Language, string>>>> = {
  resolved: {
    found_safe: {
      en: 'Found safe. Thank you for your help.',
      zh: '已平安找到，感谢您的帮助。',
    },
    found: { en: 'Found. The search is over.', zh: '已找到，寻找工作结束。' },
    arrested: { en: 'The police have made an arrest.', zh: '警方已抓获有关人员。' },
    no_longer_sought: {
      en: 'The police no longer ask for information on this.',
      zh: '警方不再就此征集线索。',
    },
  },
  withdrawn: {
    no_longer_sought: {
      en: 'This bulletin has been withdrawn. The police no longer ask for information on this.',
      zh: '本通报已撤回，警方不再就此征集线索。',
    },
    published_in_error: {
      en: 'This bulletin was published in error and has been withdrawn. Please delete all copies of it.',
      zh: '本通报系误发，现已撤回，请删除所有留存的内容。',
    },
  },
};

/** Return how it was ended, null when it was not. */
export function endOf({ state, code }: Pick<Bulletin, 'state' | 'code'>): End | null {
  return code && (state === 'resolved' || state === 'withdrawn') ? { state, code } : null;
}

/** Return the text that a code stands for. */
export function fixedText({ state, code }: End, language: Language): string {
  return FIXED[state][code]?.[language] ?? code;
}

/** Return the fixed text and, in a line of its own, the words in this language, if there are any. */
export function endText(end: End, words: Record<string, string>, language: Language): string {
  return [fixedText(end, language), words[language]].filter(Boolean).join('\n');
}
