import type { ComponentChildren } from 'preact';
import './choices.css';

export interface Choice<T extends string> {
  code: T;
  label: string;
  hint?: ComponentChildren;
}

interface ChoicesProps<T extends string> {
  /** The id of the group, to which an error summary links. */
  id: string;
  legend: string;
  hint?: ComponentChildren;
  error?: string | null;
  choices: readonly Choice<T>[];
}

/** Several of some: check boxes in a group. */
export function Checks<T extends string>({
  chosen,
  onChange,
  ...group
}: ChoicesProps<T> & { chosen: readonly T[]; onChange: (chosen: T[]) => void }) {
  return (
    <Group {...group}>
      {(choice, described) => (
        <input
          type="checkbox"
          aria-describedby={described}
          checked={chosen.includes(choice.code)}
          onChange={(event) =>
            onChange(
              event.currentTarget.checked
                ? [...chosen, choice.code]
                : chosen.filter((code) => code !== choice.code),
            )
          }
        />
      )}
    </Group>
  );
}

/** One of some: radio buttons in a group. */
export function Radios<T extends string>({
  chosen,
  onChange,
  ...group
}: ChoicesProps<T> & { chosen: T | null; onChange: (chosen: T) => void }) {
  return (
    <Group {...group}>
      {(choice, described) => (
        <input
          type="radio"
          name={group.id}
          aria-describedby={described}
          checked={chosen === choice.code}
          onChange={() => onChange(choice.code)}
        />
      )}
    </Group>
  );
}

function Group<T extends string>({
  id,
  legend,
  hint,
  error,
  choices,
  children,
}: ChoicesProps<T> & {
  children: (choice: Choice<T>, described: string | undefined) => ComponentChildren;
}) {
  const hintId = `${id}-hint`;
  const errorId = `${id}-error`;
  const described = [hint ? hintId : '', error ? errorId : ''].filter(Boolean).join(' ');
  return (
    <fieldset
      class={error ? 'choices field--wrong' : 'choices'}
      id={id}
      tabIndex={-1}
      aria-describedby={described || undefined}
    >
      <legend class="field__label">{legend}</legend>
      {hint && (
        <p class="field__hint" id={hintId}>
          {hint}
        </p>
      )}
      {error && (
        <p class="field__error" id={errorId}>
          {error}
        </p>
      )}
      <div class="choices__list">
        {choices.map((choice) => {
          const choiceHint = choice.hint ? `${id}-${choice.code}-hint` : undefined;
          return (
            <div class="choices__one" key={choice.code}>
              <label>
                {children(choice, choiceHint)}
                <span>{choice.label}</span>
              </label>
              {choice.hint && (
                <p class="choices__hint" id={choiceHint}>
                  {choice.hint}
                </p>
              )}
            </div>
          );
        })}
      </div>
    </fieldset>
  );
}
