import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Check, Radios } from '../../shared/components/choices.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { QuestionField } from '../../shared/components/question-field.tsx';
import { language } from '../../shared/language.ts';
import { showTime, toLocal, toRfc3339 } from '../../shared/time.ts';
import { type Catalogue, catalogue } from '../catalogue.ts';
import { type Category, type Contact, isPlaced, isWhen, type Place } from '../form.ts';
import { AreaChooser } from './area-chooser.tsx';
import { Found, findHere } from './here.tsx';
import { errorOf, type FieldError, fieldId } from './errors.ts';
import { change, form } from './state.ts';
import { write } from './texts.ts';

/** Whether it is about a police officer: then no station sees it. */
export function Police({ error }: { error: string | null }) {
  const oversight = oversightOf();
  const { concernsPolice } = form.value;
  // A choice that was made before stays while nobody would read it: it must not go to a station.
  if (!oversight || !(oversight.offered || concernsPolice)) return null;
  return (
    <Check
      id={fieldId('concerns_police')}
      hint={error ?? (oversight.offered ? oversight.text : oversight.elsewhere)}
      checked={concernsPolice}
      onChange={(concernsPolice) => change({ concernsPolice })}
    >
      {write().police}
    </Check>
  );
}

/** Where else to go with a report about the police, while none is taken. */
export function Elsewhere() {
  const oversight = oversightOf();
  if (!oversight || oversight.offered) return null;
  return (
    <Fold title={write().policeElsewhere}>
      <p>{oversight.elsewhere}</p>
    </Fold>
  );
}

/** A catalogue that was kept by an earlier page has none. */
function oversightOf(): Catalogue['oversight'] | undefined {
  return (catalogue.value as Partial<Catalogue> | null)?.oversight;
}

/** When it was. It is not filled in by itself: that would say when the phone was used. */
export function When({ error }: { error: string | null }) {
  const text = write();
  const { when } = form.value;
  const time = toRfc3339(when);
  return (
    <Fold title={text.when} value={time ? showTime(time, language.value) : ''} open={Boolean(error)}>
      <TextField
        id={fieldId('occurred_at')}
        label={text.dayTime}
        hint={text.whenHint}
        error={error}
        type="datetime-local"
        value={when}
        onValue={(when) => change({ when })}
      />
      <div class="row">
        <Button onClick={() => change({ when: toLocal(new Date()) })}>{text.now}</Button>
        {when && <Button onClick={() => change({ when: '' })}>{text.clear}</Button>}
      </div>
    </Fold>
  );
}

/** Where it was: here, an area of the map, or not said. */
export function Where({ errors }: { errors: readonly FieldError[] }) {
  const text = write();
  const { place, address } = form.value;
  const way = wayOf(place);
  const error = errorOf(errors, 'location.lat');
  const addressError = errorOf(errors, 'location.address');
  const choose = (code: string): void => {
    if (code === 'here') void findHere();
    else change({ place: { kind: code === 'area' ? 'unpicked' : 'none' } });
  };
  const value =
    place.kind === 'here'
      ? text.whereHere
      : place.kind === 'area'
        ? place.label
        : address.trim()
          ? text.filled
          : '';

  return (
    <Fold title={text.where} value={value} open={Boolean(error ?? addressError)}>
      <Radios
        id={fieldId('location.lat')}
        legend={text.where}
        said
        chosen={way}
        choices={[
          { code: 'here', label: text.whereHere },
          { code: 'area', label: text.whereArea },
          { code: 'none', label: text.whereNone },
        ]}
        error={error}
        onChange={choose}
      />
      {way === 'here' && <Found />}
      {way === 'area' && <AreaChooser />}
      {isPlaced(place) && (
        <TextField
          id={fieldId('location.address')}
          label={text.address}
          error={addressError}
          optional
          type="text"
          autocomplete="off"
          value={address}
          onValue={(address) => change({ address })}
        />
      )}
    </Fold>
  );
}

/** Return which way to a place was chosen. */
function wayOf({ kind }: Place): string {
  if (kind === 'unpicked') return 'area';
  return kind === 'unfound' ? 'here' : kind;
}

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
        <TextField
          key={field}
          id={fieldId(`contact.${field}`)}
          label={text[field]}
          error={errorOf(errors, `contact.${field}`)}
          optional
          type="text"
          inputMode={KEYBOARDS[field]}
          autocomplete="off"
          value={contact[field]}
          onValue={(value) => put(field, value)}
        />
      ))}
    </Fold>
  );
}

export interface FoldProps {
  title: string;
  /** What is filled in, to show while it is folded. */
  value?: string;
  /** It has an error: it must be seen. */
  open?: boolean;
  children: ComponentChildren;
}

/** Something optional, folded away. It opens by itself, but never closes in front of the person. */
export function Fold({ title, value = '', open = false, children }: FoldProps) {
  const fold = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    if (open && fold.current) fold.current.open = true;
  }, [open]);
  return (
    <details class="fold" ref={fold}>
      <summary class="fold__title">
        <span>{title}</span>
        {value && <span class="fold__value">{value}</span>}
      </summary>
      <div class="fold__content">{children}</div>
    </details>
  );
}
