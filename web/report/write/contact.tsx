import { Field } from '../../shared/components/field.tsx';
import type { Contact } from '../form.ts';
import { Fold } from '../parts/fold.tsx';
import { type FieldError, errorOf, fieldId } from './errors.ts';
import { change, form } from './state.ts';
import { write } from './texts.ts';

const KEYBOARDS = { name: 'text', phone: 'tel', email: 'email' } as const;
const FIELDS = ['name', 'phone', 'email'] as const;

/** How to reach the reporter, if they want that. The browser is not asked to fill it in. */
export function ContactFields({ errors }: { errors: readonly FieldError[] }) {
  const text = write();
  const { contact } = form.value;
  const filled = FIELDS.some((field) => contact[field].trim());
  const wrong = FIELDS.some((field) => errorOf(errors, `contact.${field}`));
  const put = (field: keyof Contact, value: string): void => {
    change({ contact: { ...contact, [field]: value } });
  };
  return (
    <Fold title={text.contact} value={filled ? text.filled : ''} open={wrong}>
      <p class="field__hint">{text.contactHint}</p>
      {FIELDS.map((field) => (
        <Field
          key={field}
          id={fieldId(`contact.${field}`)}
          label={text[field]}
          error={errorOf(errors, `contact.${field}`)}
          optional
        >
          {(control) => (
            <input
              {...control}
              type="text"
              inputMode={KEYBOARDS[field]}
              autocomplete="off"
              value={contact[field]}
              onInput={(event) => put(field, event.currentTarget.value)}
            />
          )}
        </Field>
      ))}
    </Fold>
  );
}
