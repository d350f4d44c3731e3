import { effect, type Signal, signal } from '@preact/signals';
import { useCallback, useState } from 'preact/hooks';
import city from 'virtual:city';

export type Language = 'zh' | 'en';

/** The language of all texts. Changing it changes the page at once. Nothing here remembers it: of
 * residents' pages `report/spoken.ts` does, of officers' `console/session/pending.ts`.
 */
export const language: Signal<Language> = signal(preferred(globalThis.navigator?.languages ?? []));

effect(() => {
  const root = globalThis.document?.documentElement;
  if (root) root.lang = language.value === 'zh' ? 'zh-CN' : 'en';
});

/** Return the first of a browser's languages that we speak; else that of the city. */
export function preferred(languages: readonly string[]): Language {
  for (const tag of languages) {
    const spoken = tag.toLowerCase().split('-')[0];
    if (spoken === 'zh' || spoken === 'en') return spoken;
  }
  return city.language;
}

/**
 * Return a getter of texts in the current language, which a component that calls it follows.
 *
 *     const text = texts({
 *       en: { title: 'Report', files: (count: number) => `${count} files` },
 *       zh: { title: '举报', files: (count: number) => `${count} 个文件` },
 *     });
 *     <h1>{text().title}</h1>
 *
 * The type of `zh` is that of `en`: a text that is missing or too many does not compile.
 */
export function texts<T extends object>(both: { en: T; zh: NoInfer<T> }): () => T {
  return () => both[language.value];
}

/** Return the sign between a name and what it names. */
export function colon(): string {
  return language.value === 'zh' ? '：' : ': ';
}

/** Return the parts as a list within a line. */
export function listed(parts: readonly string[]): string {
  return parts.join(language.value === 'zh' ? '、' : ', ');
}

/** Return the parts of a place, or others that belong together, within a line. */
export function parted(parts: readonly string[]): string {
  return parts.filter(Boolean).join(language.value === 'zh' ? '，' : ', ');
}

/** Return sentences, or a question and its answer, one after another. */
export function sentences(...parts: readonly string[]): string {
  return parts.filter(Boolean).join(gap());
}

/** Return what stands between two sentences: a full stop of Chinese has its room already. */
export function gap(): string {
  return language.value === 'zh' ? '' : ' ';
}

/** Return a text with the name of what it is about before it. A name may be a question. */
export function labelled(label: string, text: string): string {
  return /[?？]$/.test(label) ? sentences(label, text) : `${label}${colon()}${text}`;
}

/** Something in words, and the language in which they were said; or how to say it in any. */
export interface Said<T> {
  words: T | (() => T);
  language: Language;
}

/**
 * Return words as the page's language has them. Those that came ready, such as the API's, cannot be
 * said anew: in another language there is nothing left of them.
 */
export function wordsOf<T>(said: Said<T>, nothing: T, now: Language): T {
  const { words } = said;
  if (typeof words === 'function') return (words as () => T)();
  return said.language === now ? words : nothing;
}

/**
 * State for what is said of a step, such as why it failed: never in another language than the page.
 *
 *     const [error, setError] = useSaid<string | null>(null);
 *     setError(problem.detail);              // gone when the language changes
 *     setError(() => text().writeSomething); // follows the language
 */
export function useSaid<T>(nothing: T): [T, (words: T | (() => T)) => void] {
  const [said, setSaid] = useState<Said<T>>({ words: nothing, language: language.peek() });
  const say = useCallback(
    (words: T | (() => T)) => setSaid({ words, language: language.peek() }),
    [],
  );
  return [wordsOf(said, nothing, language.value), say];
}
