import { QuestionField } from '../../shared/components/question-field.tsx';
import { type Category, isWhen } from '../form.ts';
import { Fold } from '../parts/fold.tsx';
import { type FieldError, errorOf, fieldId } from './errors.ts';
import { change, form } from './state.ts';
import { write } from './texts.ts';

/** The questions of a category. */
export function Questions({ category, errors }: { category: Category; errors: readonly FieldError[] }) {
  const text = write();
  const { answers } = form.value;
  const questions = category.details.filter((question) => !isWhen(question));
  if (questions.length === 0) return null;
  const answered = questions.filter(({ name }) => answers[name]?.trim()).length;
  const wrong = questions.some(({ name }) => errorOf(errors, `details.${name}`));
  return (
    <Fold
      title={text.questions}
      value={answered > 0 ? `${answered}/${questions.length}` : ''}
      open={wrong}
    >
      {questions.map((question) => (
        <QuestionField
          key={question.name}
          id={fieldId(`details.${question.name}`)}
          question={question}
          unanswered={text.unsaid}
          value={answers[question.name] ?? ''}
          error={errorOf(errors, `details.${question.name}`)}
          onAnswer={(given) =>
            change({ answers: { ...form.value.answers, [question.name]: given } })
          }
        />
      ))}
    </Fold>
  );
}
