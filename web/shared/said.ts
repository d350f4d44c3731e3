import { useCallback, useState } from 'preact/hooks';

import { type Language, language } from './language.ts';

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
