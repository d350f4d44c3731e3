/** A form that asks for a reason, since the step is on record with it. */

import type { ComponentChildren } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';

import { Form, TextBox } from '../../shared/components/field.tsx';
import { Status } from '../../shared/components/status.tsx';
import { texts, useSaid } from '../../shared/language.ts';
import type { Failure } from '../calls.ts';
import { focusField } from './focus.ts';
import { FormEnd } from './form-end.tsx';

export interface ReasonFormProps {
  intro?: ComponentChildren;
  label?: string;
  submitLabel: string;
  kind?: 'primary' | 'danger';
  /**
   * Look at the fields among the children, which show what is wrong, also while no reason is given.
   * Return the id of the first wrong one, or null when all are right: only then is it sent.
   */
  check?: () => string | null;
  /** Return why it was refused, or null when it is done, or said at one of the children. */
  submit: (reason: string) => Promise<Failure | string | null>;
  cancel?: () => void;
  children?: ComponentChildren;
}

export function ReasonForm(props: ReasonFormProps) {
  const { intro, label, submitLabel, kind = 'primary', check, submit, cancel, children } = props;
  const t = formTexts();
  const id = useId();
  const [reason, setReason] = useState('');
  const [error, setError] = useSaid<string | null>(null);
  const [problem, setProblem] = useSaid('');
  const foot = useRef<HTMLDivElement>(null);
  const [busy, setBusy] = useState(false);
  const send = async () => {
    const wrong = check?.() ?? null;
    if (busy) return;
    setProblem('');
    if (!reason.trim()) return refuse(t.missing);
    if (wrong !== null) {
      refuse(null);
      return focusField(wrong);
    }
    setBusy(true);
    say(await submit(reason.trim()));
    setBusy(false);
  };
  const say = (why: Failure | string | null) => {
    const text = typeof why === 'string' ? why : (why?.text ?? '');
    const isOfReason = typeof why === 'object' && why?.problem?.errors?.every(({ field }) => field === 'reason');
    refuse(isOfReason ? text : null);
    setProblem(isOfReason ? '' : text);
    // In a long form it may be below what is seen.
    if (text) requestAnimationFrame(() => foot.current?.scrollIntoView({ block: 'nearest' }));
  };
  const refuse = (why: string | null) => {
    setError(why);
    if (why !== null) focusField(id);
  };
  return (
    <Form onSubmit={send}>
      {intro && <p>{intro}</p>}
      <TextBox
        id={id}
        label={label ?? t.reason}
        error={error}
        rows={3}
        maxLength={1000}
        value={reason}
        onValue={(value) => {
          setReason(value);
          setError(null);
        }}
      />
      {children}
      <div ref={foot}>
        <Status kind="error">{problem}</Status>
      </div>
      <FormEnd submit={submitLabel} kind={kind} busy={busy} onCancel={cancel} />
    </Form>
  );
}

const formTexts = texts({
  en: { reason: 'Reason (on record)', missing: 'Give a reason: it goes on record.' },
  zh: { reason: '理由（记录在案）', missing: '请填写理由，将记录在案。' },
});
