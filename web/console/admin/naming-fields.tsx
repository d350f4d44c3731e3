import { Field } from '../../shared/components/field.tsx';
import { LANGUAGES, type Labels } from './category.ts';
import { text } from './texts.ts';

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
      <Field id={id('code')} label={t.code} hint={t.codeHint} error={error(id('code'))}>
        {(control) => (
          <input
            {...control}
            autocapitalize="none"
            spellcheck={false}
            maxLength={40}
            value={code}
            onInput={(event) => onCode(event.currentTarget.value)}
          />
        )}
      </Field>
      {LANGUAGES.map((language) => (
        <Field
          key={language}
          id={id(language)}
          label={labelIn(t.languages[language])}
          error={error(id(language))}
        >
          {(control) => (
            <input
              {...control}
              lang={language === 'zh' ? 'zh-CN' : language}
              maxLength={labelMax}
              value={labels[language] ?? ''}
              onInput={(event) => onLabels({ ...labels, [language]: event.currentTarget.value })}
            />
          )}
        </Field>
      ))}
    </>
  );
}
