import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Check, choicesOf, Select } from '../../shared/components/choices.tsx';
import { ErrorSummary } from '../../shared/components/error-summary.tsx';
import { Form, TextBox, TextField } from '../../shared/components/field.tsx';
import { useDesk } from '../desk.ts';
import { ok, Refusal, useStep } from '../parts/asking.tsx';
import { FormEnd } from '../parts/form-end.tsx';
import { words } from '../words.ts';
import {
  categoryOf,
  type FieldType,
  idOf,
  type Labels,
  LANGUAGES,
  type Mistake,
  mistakesIn,
  NEW_CATEGORY,
  NEW_QUESTION,
  type Question,
  type Urgency,
  type Written,
} from './category.ts';
import { text } from './texts.ts';

const URGENCIES: readonly Urgency[] = ['low', 'normal', 'high', 'critical'];

/** A new category, which begins as a trial. */
export function CategoryForm({ onSaved, onCancel }: { onSaved: () => void; onCancel: () => void }) {
  const { api } = useDesk();
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
  const submit = () => {
    setTried(found.map(idOf));
    if (found.length > 0) return;
    void step.run(async () => {
      await ok(api.PATCH('/v1/admin/catalogue', { body: { added: [categoryOf(form)] } }));
      onSaved();
    });
  };
  return (
    <Form class="card narrow" onSubmit={submit} aria-labelledby="add-category">
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
      <Select
        id="category-urgency"
        label={t.urgency}
        chosen={form.urgency}
        choices={choicesOf(URGENCIES, words().urgency)}
        onChange={(urgency) => write({ urgency })}
      />
      <Check checked={form.emergency} onChange={(emergency) => write({ emergency })}>
        {t.emergency}
      </Check>
      <Check checked={form.blur} onChange={(blur) => write({ blur })}>
        {t.blur}
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
      <FormEnd submit={t.add} busy={step.busy} onCancel={onCancel} />
    </Form>
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

interface NamingProps {
  code: string;
  onCode: (code: string) => void;
  /** The ids of the fields, by what they are for. */
  id: (field: string) => string;
  /** Return what is wrong with the field that has this id. */
  error: (id: string) => string | null;
  labels: Labels;
  /** What the label in a language is called. */
  labelIn: (language: string) => string;
  labelMax: number;
  onLabels: (labels: Labels) => void;
}

/** The code of a category or a question, and what it is called in each language. */
export function NamingFields(props: NamingProps) {
  const { code, onCode, id, error, labels, labelIn, labelMax, onLabels } = props;
  const t = text().catalogue;
  return (
    <>
      <TextField
        id={id('code')}
        label={t.code}
        hint={t.codeHint}
        error={error(id('code'))}
        autocapitalize="none"
        spellcheck={false}
        maxLength={40}
        value={code}
        onValue={onCode}
      />
      {LANGUAGES.map((language) => (
        <TextField
          key={language}
          id={id(language)}
          label={labelIn(t.languages[language])}
          error={error(id(language))}
          lang={language === 'zh' ? 'zh-CN' : language}
          maxLength={labelMax}
          value={labels[language] ?? ''}
          onValue={(value) => onLabels({ ...labels, [language]: value })}
        />
      ))}
    </>
  );
}

const TYPES: readonly FieldType[] = ['text', 'integer', 'boolean', 'choice', 'time'];

export interface QuestionFieldsProps {
  /** From 1. */
  number: number;
  question: Question;
  /** Return what is wrong with the field that has this id. */
  error: (id: string) => string | null;
  onChange: (question: Question) => void;
  onRemove: () => void;
}

/** One question of a category's form. */
export function QuestionFields(props: QuestionFieldsProps) {
  const { number, question, error, onChange, onRemove } = props;
  const t = text().catalogue;
  const id = (field: string): string => `question-${number}-${field}`;
  const write = (change: Partial<Question>) => onChange({ ...question, ...change });
  return (
    <fieldset class="card shift">
      <legend>{t.field(number)}</legend>
      <NamingFields
        id={id}
        error={error}
        code={question.name}
        onCode={(name) => write({ name })}
        labels={question.labels}
        labelIn={t.question}
        labelMax={200}
        onLabels={(labels) => write({ labels })}
      />
      <Select
        id={id('type')}
        label={t.type}
        chosen={question.type}
        choices={choicesOf(TYPES, t.types)}
        onChange={(type) => write({ type })}
      />
      <Bounds id={id} error={error} question={question} write={write} />
      <Button kind="quiet" onClick={onRemove}>
        {t.removeField}
      </Button>
    </fieldset>
  );
}

interface BoundsProps {
  id: (field: string) => string;
  error: (id: string) => string | null;
  question: Question;
  write: (change: Partial<Question>) => void;
}

/** What only some kinds of answers have. */
function Bounds({ id, error, question, write }: BoundsProps) {
  const t = text().catalogue;
  if (question.type === 'text') {
    return <Numeric id={id('most')} label={t.most} value={question.most} min={1} max={4000} onChange={(most) => write({ most })} />;
  }
  if (question.type === 'integer') {
    return (
      <>
        <Numeric id={id('minimum')} label={t.minimumNumber} value={question.minimum} onChange={(minimum) => write({ minimum })} />
        <Numeric id={id('maximum')} label={t.maximumNumber} value={question.maximum} error={error(id('maximum'))} onChange={(maximum) => write({ maximum })} />
      </>
    );
  }
  if (question.type !== 'choice') return null;
  return (
    <TextBox
      id={id('options')}
      label={t.options}
      hint={t.optionsHint}
      error={error(id('options'))}
      value={question.options}
      onValue={(options) => write({ options })}
    />
  );
}

interface NumericProps {
  id: string;
  label: string;
  value: number;
  min?: number;
  max?: number;
  error?: string | null;
  onChange: (value: number) => void;
}

function Numeric({ id, label, value, min, max, error = null, onChange }: NumericProps) {
  return (
    <TextField
      id={id}
      label={label}
      error={error}
      type="number"
      {...(min === undefined ? {} : { min })}
      {...(max === undefined ? {} : { max })}
      value={value}
      onValue={(value) => onChange(Number(value))}
    />
  );
}
