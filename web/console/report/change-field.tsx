import type { ComponentChildren } from 'preact';
import { useEffect, useId, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import './change-field.css';

export interface ChangeChoice {
  code: string;
  label: string;
}

interface ChangeFieldProps {
  label: string;
  /** What the report has now. */
  value: string;
  choices: readonly ChangeChoice[];
  /** What the button is called for what is chosen. */
  submit: (chosen: ChangeChoice) => string;
  /** What has to be thought of before. */
  hint: (chosen: string) => ComponentChildren;
  /** Change it; returns whether that is done. */
  change: (chosen: string) => Promise<boolean>;
}

/** A choice that a button settles: to move through a list changes nothing. */
export function ChangeField(props: ChangeFieldProps) {
  const { label, value, choices, submit, hint, change } = props;
  const id = useId();
  const [wanted, setWanted] = useState(value);
  const [busy, setBusy] = useState(false);
  useEffect(() => setWanted(value), [value]);
  const chosen = choices.find(({ code }) => code === wanted);
  const said = wanted === value ? null : hint(wanted);
  const settle = async () => {
    setBusy(true);
    await change(wanted);
    setBusy(false);
  };
  return (
    <div class="change-field">
      <label class="change-field__label" for={id}>
        {label}
      </label>
      <select
        id={id}
        class="field__control"
        value={wanted}
        onChange={(event) => setWanted(event.currentTarget.value)}
      >
        {choices.map(({ code, label: text }) => (
          <option key={code} value={code}>
            {text}
          </option>
        ))}
      </select>
      {wanted !== value && chosen && (
        <>
          {said && (
            <p class="hint" id={`${id}-hint`}>
              {said}
            </p>
          )}
          <Button
            busy={busy}
            aria-describedby={said ? `${id}-hint` : undefined}
            onClick={() => void settle()}
          >
            {submit(chosen)}
          </Button>
        </>
      )}
    </div>
  );
}
