import type { ComponentChildren } from 'preact';

import type { Feature } from '../area.ts';
import { describedBy, Field, type FieldProps, HintAndError } from './field.tsx';
import './choices.css';

export interface Choice<T extends string> {
  code: T;
  label: ComponentChildren;
  hint?: ComponentChildren;
  /** It is shown, and cannot be chosen. */
  closed?: boolean;
}

interface GroupProps<T extends string> {
  /** The id of the group, to which an error summary links. */
  id: string;
  legend: string;
  /** The legend stands above already, as a heading: here it only names the group. */
  said?: boolean;
  hint?: ComponentChildren;
  error?: string | null | undefined;
  choices: readonly Choice<T>[];
}

/** Several of some: check boxes in a group. */
export function Checks<T extends string>({
  chosen,
  onChange,
  ...group
}: GroupProps<T> & { chosen: readonly T[]; onChange: (chosen: T[]) => void }) {
  return (
    <Group
      {...group}
      input={({ code }) => ({
        type: 'checkbox',
        checked: chosen.includes(code),
        onChange: (event) =>
          onChange(
            event.currentTarget.checked
              ? [...chosen, code]
              : chosen.filter((other) => other !== code),
          ),
      })}
    />
  );
}

/** One of some: radio buttons in a group. */
export function Radios<T extends string>({
  chosen,
  onChange,
  ...group
}: GroupProps<T> & { chosen: T | null; onChange: (chosen: T) => void }) {
  return (
    <Group
      {...group}
      input={({ code }) => ({
        type: 'radio',
        name: group.id,
        checked: chosen === code,
        onChange: () => onChange(code),
      })}
    />
  );
}

type Input<T extends string> = (choice: Choice<T>) => {
  type: 'checkbox' | 'radio';
  name?: string;
  checked: boolean;
  onChange: (event: { currentTarget: HTMLInputElement }) => void;
};

function Group<T extends string>(props: GroupProps<T> & { input: Input<T> }) {
  const { id, legend, said = false, hint, error, choices, input } = props;
  return (
    <fieldset
      class={error ? 'choices field--wrong' : 'choices'}
      id={id}
      tabIndex={-1}
      aria-label={said ? legend : undefined}
      aria-describedby={describedBy({ id, hint, error })}
    >
      {!said && <legend class="field__label">{legend}</legend>}
      <HintAndError id={id} hint={hint} error={error} />
      <div class="choices__list">
        {choices.map((choice) => {
          const choiceHint = choice.hint ? `${id}-${choice.code}-hint` : undefined;
          return (
            <div class="choices__one" key={choice.code}>
              <label class="choice">
                <input
                  {...input(choice)}
                  value={choice.code}
                  disabled={choice.closed}
                  aria-describedby={choiceHint}
                />
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

type SelectProps<T extends string | number> = Omit<FieldProps, 'children'> & {
  chosen: T;
  choices: readonly { readonly code: T; readonly label: string }[];
  onChange: (chosen: T) => void;
};

/** Return the choices of some codes, in their order. */
export function choicesOf<T extends string | number>(
  codes: readonly T[],
  labels: Readonly<Record<T, string>>,
): { code: T; label: string }[] {
  return codes.map((code) => ({ code, label: labels[code] }));
}

/** One of some, as a list that unfolds. */
export function Select<T extends string | number>(props: SelectProps<T>) {
  const { chosen, choices, onChange, ...field } = props;
  return (
    <Field {...field}>
      {(control) => (
        <select
          {...control}
          value={chosen}
          onChange={({ currentTarget }) => {
            const choice = choices[currentTarget.selectedIndex];
            if (choice) onChange(choice.code);
          }}
        >
          {choices.map(({ code, label }) => (
            <option key={code} value={code}>
              {label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface CheckProps {
  id?: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  hint?: ComponentChildren;
  children: ComponentChildren;
}

/** A check box by itself. */
export function Check({ id, checked, onChange, hint, children }: CheckProps) {
  const hintId = id && hint ? `${id}-hint` : undefined;
  return (
    <div class="choices__one choices__one--alone">
      <label class="choice">
        <input
          id={id}
          type="checkbox"
          checked={checked}
          aria-describedby={hintId}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
        <span>{children}</span>
      </label>
      {hint && (
        <p class="choices__hint" id={hintId}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** Areas of a list, under a name of their own; nothing when there are none. */
export function AreaOptions({ label, areas }: { label: string; areas: readonly Feature[] }) {
  if (areas.length === 0) return null;
  return (
    <optgroup label={label}>
      {areas.map(({ properties }) => (
        <option key={properties.code} value={properties.code}>
          {properties.label}
        </option>
      ))}
    </optgroup>
  );
}
