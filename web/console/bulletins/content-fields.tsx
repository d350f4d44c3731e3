import { TextBox, TextField } from '../../shared/components/field.tsx';
import { Radios, Select } from '../../shared/components/choices.tsx';
import type { Catalogue } from '../types.ts';
import {
  type About,
  type Language,
  LANGUAGES,
  type Mistake,
  mistakeLines,
  type Written,
} from './form.ts';
import { text } from './texts.ts';

const ABOUT: readonly About[] = ['child', 'elderly', 'other'];
const TITLE_MAX = 200;
const BODY_MAX = 4000;
const PLACE_MAX = 200;

interface Fields {
  form: Written;
  write: (change: Partial<Written>) => void;
}

export interface ContentFieldsProps extends Fields {
  catalogue: Catalogue;
  mistakes: readonly Mistake[];
  channelError: string | null;
  /** A point on the map is set, which this form cannot show. */
  hasPoint: boolean;
}

/** All fields of a bulletin but its pictures. */
export function ContentFields(props: ContentFieldsProps) {
  const { catalogue, form, write, mistakes, channelError } = props;
  const channel = catalogue.channels.find((each) => each.code === form.channel);
  const errors = new Map(mistakeLines(mistakes).map((line) => [line.field, line.text]));
  return (
    <>
      <Select
        id="channel"
        label={text().channel}
        error={channelError}
        chosen={form.channel}
        choices={catalogue.channels.map(({ code, label, state, state_label: closed }) => ({
          code,
          label: state === 'active' ? label : `${label} (${closed})`,
        }))}
        onChange={(channel) => write({ channel })}
      />
      <Radios
        id="about"
        legend={text().fields.about}
        hint={text().editor.aboutHint}
        error={errors.get('about') ?? null}
        chosen={form.about}
        onChange={(about) => write({ about })}
        choices={ABOUT.map((code) => ({
          code,
          label: text().about[code],
          hint: text().lifetime[code],
        }))}
      />
      {LANGUAGES.map((language) => (
        <TextFields
          key={language}
          language={language}
          error={errors.get(`title-${language}`) ?? null}
          form={form}
          write={write}
        />
      ))}
      <PlaceFields {...props} />
      {channel?.guardian_consent && (
        <Consent form={form} write={write} error={errors.get('consent') ?? null} />
      )}
    </>
  );
}

function TextFields({
  language,
  error,
  form,
  write,
}: Fields & { language: Language; error: string | null }) {
  const t = text().editor;
  const name = text().languages[language] ?? language;
  const tag = language === 'zh' ? 'zh-CN' : language;
  return (
    <>
      <TextField
        id={`title-${language}`}
        label={t.titleIn(name)}
        error={error}
        lang={tag}
        maxLength={TITLE_MAX}
        value={form.title[language] ?? ''}
        onValue={(value) => write({ title: { ...form.title, [language]: value } })}
      />
      <TextBox
        id={`body-${language}`}
        label={t.bodyIn(name)}
        hint={t.bodyHint}
        lang={tag}
        maxLength={BODY_MAX}
        value={form.body[language] ?? ''}
        onValue={(value) => write({ body: { ...form.body, [language]: value } })}
      />
    </>
  );
}

function PlaceFields({ catalogue, form, write, hasPoint }: ContentFieldsProps) {
  const t = text().editor;
  const districts = catalogue.districts.filter(
    (each) => each.code !== 'outside' && each.code !== 'unknown',
  );
  return (
    <>
      <Select
        id="district"
        label={t.district}
        hint={hasPoint && t.pointLost}
        optional
        chosen={form.district}
        choices={[{ code: '', label: text().nowhere }, ...districts]}
        onChange={(district) => write({ district })}
      />
      <TextField
        id="place"
        label={t.place}
        hint={t.placeHint}
        optional
        maxLength={PLACE_MAX}
        value={form.place}
        onValue={(place) => write({ place })}
      />
      <TextField
        id="end"
        label={t.end}
        hint={t.endHint}
        optional
        type="datetime-local"
        value={form.end}
        onValue={(end) => write({ end })}
      />
    </>
  );
}

function Consent({ form, write, error }: Fields & { error: string | null }) {
  const t = text().editor;
  return (
    <div class={error ? 'choices__one field field--wrong' : 'choices__one field'}>
      {error && (
        <p class="field__error" id="consent-error">
          {error}
        </p>
      )}
      <label class="choice">
        <input
          type="checkbox"
          id="consent"
          aria-describedby={error ? 'consent-hint consent-error' : 'consent-hint'}
          aria-invalid={error !== null}
          checked={form.consent}
          onChange={(event) => write({ consent: event.currentTarget.checked })}
        />
        <span>{t.consent}</span>
      </label>
      <p class="choices__hint" id="consent-hint">
        {t.consentHint}
      </p>
    </div>
  );
}
