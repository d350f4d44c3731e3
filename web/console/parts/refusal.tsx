import { useEffect, useRef } from 'preact/hooks';
import type { Failure } from '../calls.ts';
import './refusal.css';

/** Why a step was refused, in the API's own words. It takes the focus, so that it is read out. */
export function Refusal({ failure }: { failure: Failure | null }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (failure) box.current?.focus();
  }, [failure]);
  if (!failure) return null;
  const { problem } = failure;
  const errors = problem?.errors ?? [];
  return (
    <div class="refusal" role="alert" tabIndex={-1} ref={box}>
      {problem && <p class="refusal__title">{problem.title}</p>}
      <p>{problem?.detail ?? failure.text}</p>
      {errors.length > 0 && (
        <ul>
          {errors.map((each) => (
            <li key={each.field}>
              <code>{each.field}</code>: {each.detail}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
