import city from 'virtual:city';
import { useEffect, useState } from 'preact/hooks';

import { language, type Language } from '../../shared/language.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import type { Report, Template } from '../types.ts';
import { filled } from './placeholders.ts';
import { reportTexts } from './texts.ts';

interface TemplatesProps {
  report: Report;
  /** Whether there is something left to replace: only then the hint takes room. */
  hasGaps: boolean;
  use: (text: string) => void;
}

/** Begin a reply with a template, in the language that the reporter writes. */
export function Templates({ report, hasGaps, use }: TemplatesProps) {
  const t = reportTexts();
  const { api } = useDesk();
  const [templates, setTemplates] = useState<Template[]>([]);
  const [wanted, setWanted] = useState<Language>(() => languageOf(report));
  useEffect(() => {
    void outcomeOf(api.GET('/v1/officer/templates')).then((outcome) => {
      if (outcome.ok) setTemplates(outcome.data.items);
    });
  }, [api]);
  const choose = (code: string) => {
    const template = templates.find((one) => one.code === code);
    const text = template?.text[wanted] ?? template?.text['en'];
    if (text !== undefined) use(filled(text, known(report)));
  };
  return (
    <div class="row templates">
      <label class="hidden-visually" for="template">
        {t.talk.template}
      </label>
      <select
        id="template"
        class="field__control"
        aria-describedby="template-hint"
        value=""
        onChange={(event) => {
          choose(event.currentTarget.value);
          event.currentTarget.value = '';
        }}
      >
        <option value="">{t.talk.templateNone}</option>
        {templates.map(({ code, title }) => (
          <option key={code} value={code}>
            {title[language.value] ?? code}
          </option>
        ))}
      </select>
      <select
        class="field__control"
        aria-label={t.talk.templateLanguage}
        value={wanted}
        onChange={(event) => setWanted(event.currentTarget.value as Language)}
      >
        <option value="zh">{t.talk.languages.zh}</option>
        <option value="en">{t.talk.languages.en}</option>
      </select>
      <p class={hasGaps ? 'hint templates__hint' : 'hidden-visually'} id="template-hint">
        {t.talk.templateHint}
      </p>
    </div>
  );
}

/** Return what can be filled into a template. */
function known(report: Report): Record<string, string | null> {
  return {
    reference: report.reference,
    place: report.location?.address ?? null,
    emergency_number: city.emergencyNumber,
  };
}

/** Guess the reporter's language by what they wrote. */
function languageOf({ text, messages }: Report): Language {
  const written = [text ?? '', ...messages.map((message) => message.text)].join('');
  if (!written) return language.peek();
  return /\p{Script=Han}/u.test(written) ? 'zh' : 'en';
}
