import { useState } from 'preact/hooks';
import { Button } from '../../shared/components/button.tsx';
import { Check } from '../../shared/components/choices.tsx';
import { ErrorSummary } from '../../shared/components/error-summary.tsx';
import { Field } from '../../shared/components/field.tsx';
import { ok, useStep } from '../parts/asking.ts';
import { Refusal } from '../parts/refusal.tsx';
import type { Api } from '../types.ts';
import { words } from '../words.ts';
import {
  categoryOf,
  idOf,
  type Mistake,
  mistakesIn,
  NEW_CATEGORY,
  NEW_QUESTION,
  type Question,
  type Urgency,
  type Written,
} from './category.ts';
import { NamingFields } from './naming-fields.tsx';
import { QuestionFields } from './question-fields.tsx';
import { text } from './texts.ts';

const URGENCIES: readonly Urgency[] = ['low', 'normal', 'high', 'critical'];

export interface CategoryFormProps {
  api: Api;
  onSaved: () => void;
  onCancel: () => void;
}

/** A new category, which begins as a trial. */
export function CategoryForm({ api, onSaved, onCancel }: CategoryFormProps) {
  const [form, setForm] = useState<Written>(NEW_CATEGORY);
  const [tried, setTried] = useState<readonly string[]>([]);
  const step = useStep();
  const t = text().catalogue;
  const write = (change: Partial<Written>) => setForm({ ...form, ...change });
  const replace = (index: number, question: Question) =>
    write({ questions: form.questions.map((each, at) => (at === index ? question : each)) });
  const found = mistakesIn(form);
  // What is put right is gone at once; what is new is said with the next try.
  const mistakes = found.filter((mistake) => tried.includes(idOf(mistake))).map(inWords);
  const error = (id: string) => mistakes.find(({ field }) => field === id)?.text ?? null;
  const submit = (event: Event) => {
    event.preventDefault();
    setTried(found.map(idOf));
    if (found.length > 0) return;
    void step.run(async () => {
      await ok(api.PATCH('/v1/admin/catalogue', { body: { added: [categoryOf(form)] } }));
      onSaved();
    });
  };
  return (
    <form class="card narrow" onSubmit={submit} noValidate aria-labelledby="add-category">
      <h3 id="add-category">{t.add}</h3>
      <p>{t.addWhat}</p>
      <ErrorSummary errors={mistakes} />
      <NamingFields
        id={(field) => `category-${field}`}
        error={error}
        code={form.code}
        onCode={(code) => write({ code })}
        labels={form.labels}
        labelIn={t.label}
        labelMax={40}
        onLabels={(labels) => write({ labels })}
      />
      <Field id="category-urgency" label={t.urgency}>
        {(control) => (
          <select
            {...control}
            value={form.urgency}
            onChange={(event) => write({ urgency: event.currentTarget.value as Urgency })}
          >
            {URGENCIES.map((each) => (
              <option key={each} value={each}>
                {words().urgency[each]}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Check checked={form.emergency} onChange={(emergency) => write({ emergency })}>
        {t.emergency}
      </Check>
      <h3>{t.fields}</h3>
      <p class="hint">{t.fieldsHint}</p>
      {form.questions.map((question, index) => (
        <QuestionFields
          key={index}
          number={index + 1}
          question={question}
          onChange={(changed) => replace(index, changed)}
          error={error}
          onRemove={() => {
            // The others have other numbers now.
            setTried([]);
            write({ questions: form.questions.filter((_, at) => at !== index) });
          }}
        />
      ))}
      <p>
        <Button onClick={() => write({ questions: [...form.questions, NEW_QUESTION] })}>
          {t.addField}
        </Button>
      </p>
      <Refusal failure={step.failure} />
      <div class="row">
        <Button kind="primary" type="submit" busy={step.busy}>
          {t.add}
        </Button>
        <Button onClick={onCancel}>{text().cancel}</Button>
      </div>
    </form>
  );
}

function inWords(mistake: Mistake): { field: string; label?: string; text: string } {
  const t = text().catalogue;
  const { field, question } = mistake;
  return {
    field: idOf(mistake),
    ...(question !== undefined && { label: t.field(question) }),
    text: t.wrong[field],
  };
}
