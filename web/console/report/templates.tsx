import city from 'virtual:city';
import { useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { language, type Language } from '../../shared/language.ts';
import type { Report } from '../types.ts';
import { filled, languageIn, useFixedTexts } from './fixed-texts.ts';
import { reportTexts } from './texts.ts';

interface TemplatesProps {
  report: Report;
  /** Whether there is something left to replace: only then the hint takes room. */
  hasGaps: boolean;
  /** Put a text where the cursor is; in place of `before` while that is still there as it was. */
  insert: (text: string, before: string | null) => void;
  /** Replace `before` by a text, if it is still there as it was. */
  replace: (text: string, before: string) => void;
}

/** Begin a reply with a template, in the language that the reporter writes. */
export function Templates({ report, hasGaps, insert, replace }: TemplatesProps) {
  const t = reportTexts();
  const templates = useFixedTexts().items;
  const [chosen, setChosen] = useState('');
  const [own, setOwn] = useState<Language | null>(null);
  // What was put into the reply, to find it there again.
  const put = useRef<{ code: string; text: string } | null>(null);
  const wanted = own ?? languageOf(report) ?? language.value;
  const textOf = (code: string, inLanguage: Language): string | undefined => {
    const template = templates.find((one) => one.code === code);
    const text = template?.text[inLanguage] ?? template?.text.en;
    return text === undefined ? undefined : filled(text, known(report));
  };
  const use = () => {
    const text = textOf(chosen, wanted);
    if (text === undefined) return;
    insert(text, put.current?.text ?? null);
    put.current = { code: chosen, text };
  };
  const speak = (inLanguage: Language) => {
    setOwn(inLanguage);
    const before = put.current;
    const text = before && textOf(before.code, inLanguage);
    if (!before || !text) return;
    replace(text, before.text);
    put.current = { code: before.code, text };
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
        value={chosen}
        onChange={(event) => setChosen(event.currentTarget.value)}
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
        onChange={(event) => speak(event.currentTarget.value as Language)}
      >
        <option value="zh">{t.talk.languages.zh}</option>
        <option value="en">{t.talk.languages.en}</option>
      </select>
      <Button disabled={!chosen} onClick={use}>
        {t.talk.insert}
      </Button>
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

/** Guess the reporter's language by what they wrote themselves, the latest first. */
function languageOf({ text, messages }: Report): Language | null {
  const written = messages.filter(({ from }) => from === 'reporter').map((one) => one.text);
  for (const words of [...written.reverse(), text ?? '']) {
    const found = languageIn(words);
    if (found) return found;
  }
  return null;
}
