import type { ComponentChildren, JSX } from 'preact';
import { texts } from '../language.ts';
import './Field.css';

/** What a control spreads onto its `input`, `select` or `textarea`. */
export interface Control {
  id: string;
  class: 'field__control';
  'aria-describedby': string | undefined;
  'aria-invalid': boolean;
}

export interface FieldProps {
  /** The control's id, to which `ErrorSummary` links. */
  id: string;
  label: ComponentChildren;
  hint?: ComponentChildren;
  error?: string | null;
  /** Says so beside the label. Required fields are the rule, and have no mark. */
  optional?: boolean;
  children: (control: Control) => JSX.Element;
}

/**
 * A control with its label, hint and error.
 *
 *     <Field id="text" label={text().what} error={error}>
 *       {(control) => <textarea {...control} value={…} onInput={…} />}
 *     </Field>
 */
export function Field({ id, label, hint, error, optional = false, children }: FieldProps) {
  const hintId = hint ? `${id}-hint` : '';
  const errorId = error ? `${id}-error` : '';
  return (
    <div class={error ? 'field field--wrong' : 'field'}>
      <label class="field__label" for={id}>
        {label}
        {optional && <span class="field__optional"> {text().optional}</span>}
      </label>
      {hint && (
        <p class="field__hint" id={hintId}>
          {hint}
        </p>
      )}
      {error && (
        <p class="field__error" id={errorId}>
          <span class="hidden-visually">{text().error} </span>
          {error}
        </p>
      )}
      {children({
        id,
        class: 'field__control',
        'aria-describedby': [hintId, errorId].filter(Boolean).join(' ') || undefined,
        'aria-invalid': Boolean(error),
      })}
    </div>
  );
}

const text = texts({
  en: { optional: '(optional)', error: 'Error:' },
  zh: { optional: '（选填）', error: '错误：' },
});
