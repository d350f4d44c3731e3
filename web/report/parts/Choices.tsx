export interface ChoicesProps {
  id: string;
  legend: string;
  /** The legend is in sight elsewhere already: it is for readers only. */
  said?: boolean;
  value: string;
  options: readonly { readonly code: string; readonly label: string; readonly closed?: boolean }[];
  error?: string | null | undefined;
  hint?: string;
  onChoose: (code: string) => void;
}

/** One of several, each in sight. */
export function Choices({ id, legend, said = false, value, options, error, hint, onChoose }: ChoicesProps) {
  const described = [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ');
  return (
    <fieldset
      class={error ? 'choices field--wrong' : 'choices'}
      id={id}
      tabIndex={-1}
      aria-describedby={described || undefined}
    >
      <legend class={said ? 'hidden-visually' : 'field__label'}>{legend}</legend>
      {hint && (
        <p class="field__hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="field__error" id={`${id}-error`}>
          {error}
        </p>
      )}
      <div class="choices__all">
        {options.map(({ code, label, closed = false }) => (
          <label key={code} class="choice">
            <input
              type="radio"
              name={id}
              value={code}
              checked={value === code}
              disabled={closed}
              onChange={() => onChoose(code)}
            />
            <span>{label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
