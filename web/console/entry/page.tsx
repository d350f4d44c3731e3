/** Enter what a caller says. The receipt is theirs: it is shown once. */

import type { TargetedSubmitEvent } from 'preact';
import { useMemo, useState } from 'preact/hooks';

import { Button } from '../../shared/components/Button.tsx';
import { ErrorSummary } from '../../shared/components/ErrorSummary.tsx';
import { Field } from '../../shared/components/Field.tsx';
import { QuestionField } from '../../shared/components/QuestionField.tsx';
import { useSaid } from '../../shared/said.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { Keys } from '../keys.ts';
import { pathTo } from '../router.ts';
import type { Schemas } from '../types.ts';
import { words } from '../words.ts';
import { type Entered, submissionOf } from './submission.ts';
import { entryTexts } from './texts.ts';
import './entry.css';

type Created = Schemas['CreatedReport'];

const SOURCES = ['phone', 'desk', 'other', 'drill'] as const;
const EMPTY: Entered = {
  category: '',
  source: 'phone',
  text: '',
  occurred: '',
  lat: '',
  lon: '',
  address: '',
  name: '',
  phone: '',
  answers: {},
};

export function EntryPage() {
  const [created, setCreated] = useState<Created | null>(null);
  const t = entryTexts();
  return (
    <div class="narrow card entry">
      <h1>{created ? t.done : t.title}</h1>
      {created ? (
        <HandOver created={created} again={() => setCreated(null)} />
      ) : (
        <EntryForm onCreated={setCreated} />
      )}
    </div>
  );
}

function EntryForm({ onCreated }: { onCreated: (created: Created) => void }) {
  const t = entryTexts();
  const { api, names } = useDesk();
  const keys = useMemo(() => new Keys(), []);
  const [entered, setEntered] = useState(EMPTY);
  const [errors, setErrors] = useSaid<{ field?: string; text: string }[]>([]);
  const [busy, setBusy] = useState(false);
  const categories = names.catalogue.value?.categories ?? [];
  const form = categories.find(({ code }) => code === entered.category)?.details ?? [];
  const set = (change: Partial<Entered>) => setEntered({ ...entered, ...change });
  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (busy) return;
    const missing = [
      ...(entered.category ? [] : [{ field: 'entry-category', text: t.chooseCategory }]),
      ...(entered.text.trim() ? [] : [{ field: 'entry-text', text: t.writeText }]),
    ];
    setErrors(missing);
    if (missing.length > 0) return;
    setBusy(true);
    const body = submissionOf(entered, form);
    const header = { 'Idempotency-Key': keys.for(JSON.stringify(body)) };
    const outcome = await outcomeOf(api.POST('/v1/officer/reports', { params: { header }, body }));
    setBusy(false);
    if (!outcome.ok) return setErrors([{ text: outcome.failure.text }]);
    keys.done();
    onCreated(outcome.data);
  };
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <p>{t.intro}</p>
      <ErrorSummary errors={errors} />
      <Field id="entry-category" label={t.category}>
        {(control) => (
          <select
            {...control}
            value={entered.category}
            onChange={(event) => set({ category: event.currentTarget.value, answers: {} })}
          >
            <option value="">{t.choose}</option>
            {categories
              .filter(({ state }) => state === 'active' || state === 'shadow')
              .map(({ code, label }) => (
                <option key={code} value={code}>
                  {label}
                </option>
              ))}
          </select>
        )}
      </Field>
      <Field id="entry-source" label={t.source}>
        {(control) => (
          <select
            {...control}
            value={entered.source}
            onChange={(event) => set({ source: event.currentTarget.value as Entered['source'] })}
          >
            {SOURCES.map((source) => (
              <option key={source} value={source}>
                {words().source[source]}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field id="entry-text" label={t.text}>
        {(control) => (
          <textarea
            {...control}
            rows={5}
            maxLength={4000}
            value={entered.text}
            onInput={(event) => set({ text: event.currentTarget.value })}
          />
        )}
      </Field>
      {form.map((field) => (
        <QuestionField
          key={field.name}
          id={`entry-answer-${field.name}`}
          question={field}
          unanswered={t.unanswered}
          value={entered.answers[field.name] ?? ''}
          onAnswer={(value) => set({ answers: { ...entered.answers, [field.name]: value } })}
        />
      ))}
      <Circumstances entered={entered} set={set} />
      <Button type="submit" kind="primary" busy={busy}>
        {t.submit}
      </Button>
    </form>
  );
}

type Input = { type: 'text' } | { type: 'tel' } | { type: 'datetime-local' };
type TextName = 'occurred' | 'address' | 'lat' | 'lon' | 'name' | 'phone';

/** When and where it was, and whom to call back. */
function Circumstances({
  entered,
  set,
}: {
  entered: Entered;
  set: (change: Partial<Entered>) => void;
}) {
  const t = entryTexts();
  const text = (name: TextName, input: Input, hint?: string) => (
    <Field id={`entry-${name}`} label={t[name]} hint={hint} optional>
      {(control) => (
        <input
          {...control}
          {...input}
          autocomplete="off"
          value={entered[name]}
          onInput={(event) => set({ [name]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
  return (
    <>
      {text('occurred', { type: 'datetime-local' })}
      <div class="entry__pair">
        {text('lat', { type: 'text' }, t.latHint)}
        {text('lon', { type: 'text' }, t.lonHint)}
      </div>
      {text('address', { type: 'text' }, t.addressHint)}
      <div class="entry__pair">
        {text('name', { type: 'text' })}
        {text('phone', { type: 'tel' })}
      </div>
    </>
  );
}

/** The receipt, for the caller. */
function HandOver({ created, again }: { created: Created; again: () => void }) {
  const t = entryTexts();
  return (
    <div role="status">
      <p>{t.reference(created.reference)}</p>
      <p>{t.handOver}</p>
      <p class="receipt">{created.receipt}</p>
      <p>{created.emergency.text}</p>
      <div class="row">
        <Button onClick={() => print()}>{t.print}</Button>
        <a class="button button--primary" href={pathTo(`reports/${created.id}`)}>
          {t.open}
        </a>
        <Button onClick={again}>{t.again}</Button>
      </div>
    </div>
  );
}
