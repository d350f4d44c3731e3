import type { ComponentChildren } from 'preact';
import { Button } from '../../shared/components/button.tsx';
import { Spinner } from '../../shared/components/spinner.tsx';
import { texts } from '../../shared/language.ts';
import type { Loaded } from './asking.ts';
import { Refusal } from './refusal.tsx';

export interface WaitingProps<T> {
  loaded: Loaded<T>;
  again: () => Promise<void>;
  children: (value: T) => ComponentChildren;
}

/** What was read, or that it is on the way, or why it is not there. */
export function Waiting<T>({ loaded, again, children }: WaitingProps<T>) {
  return (
    <>
      {loaded.state === 'failed' && (
        <>
          <Refusal failure={loaded.failure} />
          <Button onClick={() => void again()}>{text().again}</Button>
        </>
      )}
      {loaded.state === 'loading' && loaded.value === null && (
        <p class="muted" role="status">
          <Spinner /> {text().loading}
        </p>
      )}
      {loaded.value !== null && children(loaded.value)}
    </>
  );
}

const text = texts({
  en: { loading: 'Loading…', again: 'Try again' },
  zh: { loading: '正在加载……', again: '重试' },
});
