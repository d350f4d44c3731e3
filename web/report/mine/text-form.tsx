import { Button } from '../../shared/components/button.tsx';
import { Field } from '../../shared/components/field.tsx';
import { useSaid } from '../../shared/said.ts';
import { giveWords, textId, wordsOf, write as keepWords } from '../begun.ts';
import { catalogue } from '../catalogue.ts';
import { lengthOf } from '../form.ts';
import { goesOn } from '../once.ts';
import type { TextFor } from '../outbox/types.ts';
import { Length, TEXT_MAX } from '../parts/length.tsx';
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
    const box = outbox.value;
    if (!box || !receipt.value) return refuse(() => mine().failed);
    setError(null);
    const of = { id: report.id, reference: report.reference, receipt: receipt.value };
    try {
      await giveWords(name, () => box.addText(of, to, words));
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
      {/* Also when this form was left while its words are taken, and has come again. */}
      <Button kind="primary" type="submit" busy={goesOn(name)} onClick={send}>
        {submit}
      </Button>
      {typed.trim() !== '' && outbox.value?.durable && <p class="muted">{text.begunStays}</p>}
    </form>
  );
}
