import { Field } from '../../shared/components/Field.tsx';
import type { Category, Question } from '../form.ts';
import { Choices } from '../parts/Choices.tsx';
import { Fold } from '../parts/Fold.tsx';
import { type FieldError, errorOf, fieldId } from './errors.ts';
import { change, form } from './state.ts';
import { write } from './texts.ts';

// So many options are shown at once; more are a list.
const IN_SIGHT = 7;
// The API takes line breaks where more characters than these fit.
const ONE_LINE = 200;

/** The questions of a category: the catalogue says what they are. None must be answered. */
export function Questions({ category, errors }: { category: Category; errors: readonly FieldError[] }) {
  const text = write();
  const { answers } = form.value;
  const answered = category.details.filter(({ name }) => answers[name]?.trim()).length;
  const wrong = category.details.some(({ name }) => errorOf(errors, `details.${name}`));
  return (
    <Fold
      title={text.questions}
      value={answered > 0 ? `${answered}/${category.details.length}` : ''}
      open={wrong}
    >
      {category.details.map((question) => (
        <QuestionField
          key={question.name}
          question={question}
          value={answers[question.name] ?? ''}
          error={errorOf(errors, `details.${question.name}`)}
        />
      ))}
    </Fold>
  );
}

interface QuestionFieldProps {
  question: Question;
  value: string;
  error: string | null;
}

function QuestionField({ question, value, error }: QuestionFieldProps) {
  const text = write();
  const id = fieldId(`details.${question.name}`);
  const answer = (given: string): void => {
    change({ answers: { ...form.value.answers, [question.name]: given } });
  };
  const unsaid = { code: '', label: text.unsaid };
  if (question.type === 'boolean') {
    const options = [{ code: 'yes', label: text.yes }, { code: 'no', label: text.no }, unsaid];
    return <Choices {...{ id, value, error, options }} legend={question.label} onChoose={answer} />;
  }
  if (question.type === 'choice' && question.options.length <= IN_SIGHT) {
    const options = [...question.options, unsaid];
    return <Choices {...{ id, value, error, options }} legend={question.label} onChoose={answer} />;
  }
  return (
    <Field id={id} label={question.label} error={error}>
      {(control) => {
        const input = {
          ...control,
          value,
          onInput: (event: { currentTarget: { value: string } }) => answer(event.currentTarget.value),
        };
        switch (question.type) {
          case 'choice':
            return (
              <select {...control} value={value} onChange={(event) => answer(event.currentTarget.value)}>
                <option value="">{text.unsaid}</option>
                {question.options.map(({ code, label }) => (
                  <option key={code} value={code}>
                    {label}
                  </option>
                ))}
              </select>
            );
          case 'integer':
            return <input {...input} type="text" inputMode="numeric" autocomplete="off" />;
          case 'time':
            return <input {...input} type="datetime-local" />;
          default:
            return question.type === 'text' && question.max_length > ONE_LINE ? (
              <textarea {...input} rows={3} />
            ) : (
              <input {...input} type="text" autocomplete="off" />
            );
        }
      }}
    </Field>
  );
}
