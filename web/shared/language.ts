import { effect, signal, type Signal } from '@preact/signals';
import city from 'virtual:city';

export type Language = 'zh' | 'en';

/** The language of all texts. Changing it changes the page at once. Nothing here remembers it: a
 * resident's page leaves no trace, and officers' have `console/session/language.ts`.
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
