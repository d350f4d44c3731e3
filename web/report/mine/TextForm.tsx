import { useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/Button.tsx';
import { Field } from '../../shared/components/Field.tsx';
import { useSaid } from '../../shared/said.ts';
import { randomUuid } from '../outbox/uuid.ts';
import type { Outcome } from './report.ts';
import { mine } from './texts.ts';

export interface TextFormProps {
  /** The id of the field. */
  id: string;
  label: string;
  hint?: string;
  /** What the button says, and says while it works. */
  submit: string;
  submitting?: string;
  /** Send the text. `key` stays the same until it is sent, so that it is never stored twice. */
  send: (text: string, key: string) => Promise<Outcome<unknown>>;
  onSent: () => void;
  /** Called when the person writes anew. */
  onWrite?: () => void;
}

/** A text to the officers. */
export function TextForm({ id, label, hint, submit, submitting = submit, ...calls }: TextFormProps) {
  const { send, onSent, onWrite } = calls;
  const [typed, setTyped] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useSaid<string | null>(null);
  const key = useRef(randomUuid());
  const refuse = (why: string | (() => string)): void => {
    setError(why);
    // The error is read out with its field, once it is shown.
    requestAnimationFrame(() => document.getElementById(id)?.focus());
  };
  const trySending = async (): Promise<void> => {
    if (!typed.trim()) {
      refuse(() => mine().blank);
      return;
    }
    setBusy(true);
    setError(null);
    const outcome = await send(typed.trim(), key.current);
    setBusy(false);
    if (!outcome.done) {
      // It was stored in the words of an earlier attempt: these are new ones.
      if (outcome.code === 'key_reused') key.current = randomUuid();
      refuse(outcome.detail || (() => mine().failed));
      return;
    }
    key.current = randomUuid();
    setTyped('');
    onSent();
  };
  return (
    <form
      class="step"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void trySending();
      }}
    >
      <Field id={id} label={label} hint={hint} error={error}>
        {(control) => (
          <textarea
            {...control}
            rows={3}
            maxLength={4000}
            value={typed}
            onInput={(event) => {
              setTyped(event.currentTarget.value);
              onWrite?.();
            }}
          />
        )}
      </Field>
      <Button kind="primary" type="submit" busy={busy}>
        {busy ? submitting : submit}
      </Button>
    </form>
  );
}
