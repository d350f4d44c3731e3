import type { Question } from '../answers.ts';
import { texts } from '../language.ts';
import { Radios } from './choices.tsx';
import { Field } from './field.tsx';

export interface QuestionFieldProps {
  question: Question;
  id: string;
  /** As it is typed; for a question of yes and no, `yes` or `no`. Empty: not answered. */
  value: string;
  /** What it is called that a question is not answered. */
  unanswered: string;
  error?: string | null;
  onAnswer: (value: string) => void;
}

// So many options are shown at once; more are a list.
const IN_SIGHT = 7;
// The API takes line breaks where more characters than these fit.
const ONE_LINE = 200;

/** A question of a category's form: the catalogue says what it is. None must be answered. */
export function QuestionField(props: QuestionFieldProps) {
  const { question, id, value, unanswered, error = null, onAnswer } = props;
  const options = optionsOf(question);
  if (options && options.length <= IN_SIGHT) {
    const choices = [...options, { code: '', label: unanswered }];
    return (
      <Radios {...{ id, error, choices }} legend={question.label} chosen={value} onChange={onAnswer} />
    );
  }
  return (
    <Field id={id} label={question.label} hint={hintOf(question)} error={error}>
      {(control) => {
        const input = {
          ...control,
          value,
          autocomplete: 'off' as const,
          onInput: (event: { currentTarget: { value: string } }) =>
            onAnswer(event.currentTarget.value),
        };
        if (options) {
          return (
            <select {...control} value={value} onChange={(event) => onAnswer(event.currentTarget.value)}>
              <option value="">{unanswered}</option>
              {options.map(({ code, label }) => (
                <option key={code} value={code}>
                  {label}
                </option>
              ))}
            </select>
          );
        }
        if (question.type === 'integer') {
          return (
            // `pattern` brings the keyboard with digits alone on older iPhones.
            <input {...input} type="text" inputMode="numeric" pattern="[0-9]*" />
          );
        }
        if (question.type === 'time') return <input {...input} type="datetime-local" />;
        const long = question.type === 'text' && question.max_length > ONE_LINE;
        return long ? <textarea {...input} rows={3} /> : <input {...input} type="text" />;
      }}
    </Field>
  );
}

function hintOf(question: Question): string | undefined {
  return question.type === 'integer' ? text().whole(question.minimum, question.maximum) : undefined;
}

function optionsOf(question: Question): { code: string; label: string }[] | null {
  const t = text();
  if (question.type === 'choice') return question.options;
  if (question.type !== 'boolean') return null;
  return [
    { code: 'yes', label: t.yes },
    { code: 'no', label: t.no },
  ];
}

const text = texts({
  en: {
    yes: 'Yes',
    no: 'No',
    whole: (least: number, most: number) => `A whole number from ${least} to ${most}`,
  },
  zh: {
    yes: '是',
    no: '否',
    whole: (least: number, most: number) => `${least} 到 ${most} 之间的整数`,
  },
});
