/** What the latest step on "my report" came to. */
import { signal } from '@preact/signals';
import { useCallback, useRef } from 'preact/hooks';

import { useSaid } from '../../shared/said.ts';

const latest = signal<object | null>(null);

/**
 * Like `useSaid`, for steps beside each other: what one of them came to is gone when another says
 * something, so that nobody takes an old word for the new one's.
 */
export function useLatest<T>(nothing: T): [T, (words: T | (() => T)) => void] {
  const [said, setSaid] = useSaid(nothing);
  const step = useRef({});
  const say = useCallback((words: T | (() => T)) => {
    latest.value = step.current;
    setSaid(words);
  }, []);
  return [latest.value === step.current ? said : nothing, say];
}
