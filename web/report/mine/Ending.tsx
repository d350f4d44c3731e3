import { useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/Button.tsx';
import { Field } from '../../shared/components/Field.tsx';
import { Status } from '../../shared/components/Status.tsx';
import { randomUuid } from '../outbox/uuid.ts';
import { tell } from '../screen.ts';
import { giveFeedback, type OwnReport, refresh, reopen } from './report.ts';
import { mine } from './texts.ts';

/** The one question after a report is closed. It can be passed over. */
export function Feedback({ report }: { report: OwnReport }) {
  const text = mine();
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState('');
  const answer = async (helped: boolean): Promise<void> => {
    setBusy(true);
    const outcome = await giveFeedback(helped);
    setBusy(false);
    if (outcome.done) setSaid(outcome.value.text);
    else setSaid(outcome.detail || text.failed);
    await refresh();
  };
  return (
    <>
      {report.question && (
        <section class="question" aria-labelledby="question">
          <h2 id="question">{text.question}</h2>
          <p>{report.question}</p>
          <div class="row">
            <Button busy={busy} onClick={() => void answer(true)}>
              {text.yes}
            </Button>
            <Button busy={busy} onClick={() => void answer(false)}>
              {text.no}
            </Button>
          </div>
        </section>
      )}
      <Status kind="success">{said}</Status>
    </>
  );
}

/** Open a closed report again, once. */
export function Reopen() {
  const text = mine();
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const key = useRef(randomUuid());
  const send = async (): Promise<void> => {
    if (!typed.trim()) {
      setError(text.blank);
      return;
    }
    setBusy(true);
    const outcome = await reopen(typed.trim(), key.current);
    setBusy(false);
    if (outcome.done) {
      await refresh();
      tell(text.reopened);
      return;
    }
    if (outcome.code === 'key_reused') key.current = randomUuid();
    setError(outcome.detail || text.failed);
  };
  if (!open) {
    return (
      <div class="step">
        <Button class="wide" onClick={() => setOpen(true)}>
          {text.reopen}
        </Button>
      </div>
    );
  }
  return (
    <form
      class="step"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void send();
      }}
    >
      <Field id="reopen" label={text.reopenTitle} hint={text.reopenText} error={error}>
        {(control) => (
          <textarea
            {...control}
            rows={3}
            maxLength={4000}
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        )}
      </Field>
      <Button kind="primary" type="submit" busy={busy}>
        {text.reopenSend}
      </Button>
    </form>
  );
}
