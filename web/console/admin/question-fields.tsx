import { Button } from '../../shared/components/button.tsx';
import { Field } from '../../shared/components/field.tsx';
import type { FieldType, Question } from './category.ts';
import { NamingFields } from './naming-fields.tsx';
import { text } from './texts.ts';

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
      <Field id={id('type')} label={t.type}>
        {(control) => (
          <select
            {...control}
            value={question.type}
            onChange={(event) => write({ type: event.currentTarget.value as FieldType })}
          >
            {TYPES.map((each) => (
              <option key={each} value={each}>
                {t.types[each]}
              </option>
            ))}
          </select>
        )}
      </Field>
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
    <Field id={id('options')} label={t.options} hint={t.optionsHint} error={error(id('options'))}>
      {(control) => (
        <textarea
          {...control}
          value={question.options}
          onInput={(event) => write({ options: event.currentTarget.value })}
        />
      )}
    </Field>
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
    <Field id={id} label={label} error={error}>
      {(control) => (
        <input
          {...control}
          type="number"
          {...(min === undefined ? {} : { min })}
          {...(max === undefined ? {} : { max })}
          value={value}
          onInput={(event) => onChange(Number(event.currentTarget.value))}
        />
      )}
    </Field>
  );
}
