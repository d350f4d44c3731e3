import { Button } from '../../shared/components/Button.tsx';
import { Field } from '../../shared/components/Field.tsx';
import { useSaid } from '../../shared/said.ts';
import { forgetSent, textId, wordsOf, write as keepWords } from '../begun.ts';
import { catalogue } from '../catalogue.ts';
import { lengthOf } from '../form.ts';
import type { TextFor } from '../outbox/types.ts';
import { Length, TEXT_MAX } from '../parts/Length.tsx';
import { outbox } from '../service.ts';
import { write } from '../write/texts.ts';
import { type OwnReport, receipt } from './report.ts';
import { mine } from './texts.ts';

export interface TextFormProps {
  /** The id of the field. */
  id: string;
  report: OwnReport;
  to: TextFor;
  label: string;
  hint?: string;
  /** What the button says. */
  submit: string;
  /** Called when the person writes anew. */
  onWrite?: () => void;
}

/** A text to the officers. The outbox sends it, so that it may wait for a connection. */
export function TextForm({ id, report, to, label, hint, submit, onWrite }: TextFormProps) {
  const text = mine();
  const [error, setError] = useSaid<string | null>(null);
  const name = textId(report.id, to);
  const typed = wordsOf(name);
  const most = catalogue.value?.limits.text_max ?? TEXT_MAX;
  const refuse = (why: () => string): void => {
    setError(why);
    // The error is read out with its field, once it is shown.
    requestAnimationFrame(() => document.getElementById(id)?.focus());
  };
  const send = async (): Promise<void> => {
    const words = typed.trim();
    if (!words) return refuse(() => mine().blank);
    if (lengthOf(words) > most) return refuse(() => write().long(most));
    if (!outbox.value || !receipt.value) return refuse(() => mine().failed);
    setError(null);
    try {
      const { id: of, reference } = report;
      await outbox.value.addText({ id: of, reference, receipt: receipt.value }, to, words);
      // Whoever has written on meanwhile has words that are not sent.
      const now = wordsOf(name);
      const more = now.startsWith(typed) ? now.slice(typed.length) : '';
      if (now === typed) await forgetSent(name);
      else if (/^\s/.test(more)) keepWords(name, more.trimStart());
    } catch {
      refuse(() => mine().failed);
    }
  };
  return (
    <form class="step" noValidate onSubmit={(event) => event.preventDefault()}>
      <Field id={id} label={label} hint={hint} error={error}>
        {(control) => (
          <textarea
            {...control}
            rows={3}
            value={typed}
            onInput={(event) => {
              keepWords(name, event.currentTarget.value);
              setError(null);
              onWrite?.();
            }}
          />
        )}
      </Field>
      <Length text={typed} most={most} />
      <Button kind="primary" type="submit" onClick={send}>
        {submit}
      </Button>
      {typed.trim() !== '' && outbox.value?.durable && <p class="muted">{text.begunStays}</p>}
    </form>
  );
}
