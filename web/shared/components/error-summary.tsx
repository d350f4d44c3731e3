import { useEffect, useRef } from 'preact/hooks';
import { labelled, language, texts } from '../language.ts';
import './error-summary.css';

export interface ErrorSummaryProps {
  /**
   * Each error, and the id of the field that it is about. Nothing is shown when there is none. `label`
   * is what the field is called, for a text that does not say it.
   */
  errors: readonly { field?: string; label?: string | undefined; text: string }[];
  title?: string;
  /** Another one with each attempt to send what is in no form, or not sent by its submission. */
  attempt?: number;
}

/**
 * What is wrong in a form, above it. It takes the focus whenever something else is wrong, and whenever
 * the form is sent while something still is; but not when only its language changes, or when something
 * is put right.
 */
export function ErrorSummary({ errors, title, attempt = 0 }: ErrorSummaryProps) {
  const box = useRef<HTMLDivElement>(null);
  const found = errors.map((error) => `${error.field ?? ''} ${error.text}`).join('\n');
  const tongue = language.value;
  const before = useRef({ found: '', tongue });
  useEffect(() => {
    const known = before.current.found.split('\n');
    const isNew = found.split('\n').some((line) => line && !known.includes(line));
    if (isNew && before.current.tongue === tongue) bringIntoView(box.current);
    before.current = { found, tongue };
  }, [found, tongue]);
  const isShown = found !== '';
  useEffect(() => {
    const form = box.current?.closest('form');
    // Once the page shows what this attempt has found.
    const sent = (): void => void setTimeout(() => bringIntoView(box.current));
    form?.addEventListener('submit', sent);
    return () => form?.removeEventListener('submit', sent);
  }, [isShown]);
  useEffect(() => {
    if (attempt > 0) bringIntoView(box.current);
  }, [attempt]);
  if (!isShown) return null;
  return (
    <div class="error-summary" role="alert" tabIndex={-1} ref={box}>
      <h2 class="error-summary__title">{title ?? text().title}</h2>
      <ul>
        {errors.map((error) => (
          <li key={error.field ?? error.text}>
            {error.field ? (
              <a href={`#${error.field}`} onClick={(event) => focusOn(event, error.field)}>
                {error.label ? labelled(error.label, error.text) : error.text}
              </a>
            ) : (
              error.text
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Focus alone moves nothing where it is already. */
function bringIntoView(box: HTMLElement | null): void {
  box?.focus();
  box?.scrollIntoView({ block: 'nearest' });
}

/** Go to the field without a word in the address. */
function focusOn(event: Event, id: string | undefined): void {
  event.preventDefault();
  const field = id === undefined ? null : document.getElementById(id);
  field?.scrollIntoView({ block: 'center' });
  field?.focus({ preventScroll: true });
}

const text = texts({
  en: { title: 'There is a problem' },
  zh: { title: '请注意以下问题' },
});
