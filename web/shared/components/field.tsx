import type {
  ComponentChildren,
  FormHTMLAttributes,
  InputHTMLAttributes,
  JSX,
  LooseInputHTMLAttributes,
  TextareaHTMLAttributes,
} from 'preact';
import { texts } from '../language.ts';
import './field.css';

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
  error?: string | null | undefined;
  /** Says so beside the label. Required fields are the rule, and have no mark. */
  optional?: boolean | undefined;
  children: (control: Control) => JSX.Element;
}

/**
 * A control with its label, hint and error. `TextField`, `TextBox` and `Select` are the usual ones.
 *
 *     <Field id="files" label={text().what} error={error}>
 *       {(control) => <input {...control} type="file" />}
 *     </Field>
 */
export function Field({ id, label, hint, error, optional = false, children }: FieldProps) {
  return (
    <div class={error ? 'field field--wrong' : 'field'}>
      <label class="field__label" for={id}>
        {label}
        {optional && <span class="field__optional"> {text().optional}</span>}
      </label>
      <HintAndError id={id} hint={hint} error={error} />
      {children({
        id,
        class: 'field__control',
        'aria-describedby': describedBy({ id, hint, error }),
        'aria-invalid': Boolean(error),
      })}
    </div>
  );
}

/** A form that the page sends by itself, and in which it says what is wrong. */
export function Form({
  onSubmit,
  ...form
}: Omit<FormHTMLAttributes, 'onSubmit'> & { onSubmit?: () => unknown }) {
  const submit = (event: Event): void => {
    event.preventDefault();
    onSubmit?.();
  };
  return <form noValidate {...form} onSubmit={submit} />;
}

type Typed<Attributes> = Omit<FieldProps, 'children'> &
  Omit<Attributes, keyof FieldProps | 'onInput'> & { onValue: (value: string) => void };

/** A field of one line. What is given besides goes to its `input`. */
export function TextField(props: Typed<LooseInputHTMLAttributes & { list?: string }>) {
  const { id, label, hint, error, optional, onValue, ...input } = props;
  return (
    <Field {...{ id, label, hint, error, optional }}>
      {(control) => (
        <input
          {...control}
          {...(input as InputHTMLAttributes)}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** A field of several lines. What is given besides goes to its `textarea`. */
export function TextBox(props: Typed<TextareaHTMLAttributes>) {
  const { id, label, hint, error, optional, onValue, ...box } = props;
  return (
    <Field {...{ id, label, hint, error, optional }}>
      {(control) => (
        <textarea {...control} {...box} onInput={(event) => onValue(event.currentTarget.value)} />
      )}
    </Field>
  );
}

interface Described {
  /** The id of what they describe. */
  id: string;
  hint?: ComponentChildren;
  error?: string | null | undefined;
}

/** What is said above a control, or a group of them. */
export function HintAndError({ id, hint, error }: Described) {
  return (
    <>
      {hint && (
        <p class="field__hint" id={hintId(id)}>
          {hint}
        </p>
      )}
      {error && (
        <p class="field__error" id={errorId(id)}>
          <span class="hidden-visually">{text().error} </span>
          {error}
        </p>
      )}
    </>
  );
}

/** The `aria-describedby` of what `HintAndError` stands above. */
export function describedBy({ id, hint, error }: Described): string | undefined {
  return [hint && hintId(id), error && errorId(id)].filter(Boolean).join(' ') || undefined;
}

const hintId = (id: string) => `${id}-hint`;
const errorId = (id: string) => `${id}-error`;

const text = texts({
  en: { optional: '(optional)', error: 'Error:' },
  zh: { optional: '（选填）', error: '错误：' },
});
