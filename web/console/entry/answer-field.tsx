import { Field } from '../../shared/components/Field.tsx';
import { words } from '../words.ts';
import type { Form } from './submission.ts';
import { entryTexts } from './texts.ts';

interface AnswerProps {
  field: Form[number];
  value: string;
  onChange: (value: string) => void;
}

/** A question of the category's form, as an input of its type. */
export function AnswerField({ field, value, onChange }: AnswerProps) {
  const t = entryTexts();
  const options = optionsOf(field);
  return (
    <Field id={`entry-answer-${field.name}`} label={field.label} optional={!field.required}>
      {(control) =>
        options ? (
          <select
            {...control}
            value={value}
            onChange={(event) => onChange(event.currentTarget.value)}
          >
            <option value="">{t.unanswered}</option>
            {options.map(([code, label]) => (
              <option key={code} value={code}>
                {label}
              </option>
            ))}
          </select>
        ) : (
          <input
            {...control}
            {...inputOf(field)}
            autocomplete="off"
            value={value}
            onInput={(event) => onChange(event.currentTarget.value)}
          />
        )
      }
    </Field>
  );
}

function inputOf(field: Form[number]) {
  switch (field.type) {
    case 'integer':
      return { type: 'number' as const, min: field.minimum, max: field.maximum };
    case 'time':
      return { type: 'datetime-local' as const };
    default:
      return {
        type: 'text' as const,
        ...(field.type === 'text' && { maxLength: field.max_length }),
      };
  }
}

function optionsOf(field: Form[number]): [string, string][] | null {
  if (field.type === 'choice') return field.options.map(({ code, label }) => [code, label]);
  if (field.type !== 'boolean') return null;
  return [
    ['true', words().yes],
    ['false', words().no],
  ];
}
