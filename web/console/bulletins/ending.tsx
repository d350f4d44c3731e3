import { useState } from 'preact/hooks';
import { Button } from '../../shared/components/Button.tsx';
import { Field } from '../../shared/components/Field.tsx';
import { ok, useStep } from '../parts/asking.ts';
import { Radios } from '../../shared/components/Choices.tsx';
import { Refusal } from '../parts/refusal.tsx';
import type { Api } from '../types.ts';
import type { Bulletin } from './changes.ts';
import { text } from './texts.ts';

const CODES = {
  resolve: ['found_safe', 'found', 'arrested', 'no_longer_sought'],
  withdraw: ['no_longer_sought', 'published_in_error'],
} as const;
const MOST = { resolve: 1000, withdraw: 500 };
const LANGUAGES = ['zh', 'en'] as const;

type Code = (typeof CODES)['resolve' | 'withdraw'][number];

export interface EndingProps {
  api: Api;
  bulletin: Bulletin;
  kind: 'resolve' | 'withdraw';
  onDone: () => void;
  onCancel: () => void;
}

/** End a bulletin: a code that takes effect at once, and words that wait for a second officer. */
export function Ending({ api, bulletin, kind, onDone, onCancel }: EndingProps) {
  const [code, setCode] = useState<Code | null>(null);
  const [words, setWords] = useState<Record<string, string>>({});
  const [isMissing, setMissing] = useState(false);
  const step = useStep();
  const said = text().ending[kind];
  const submit = async (event: Event) => {
    event.preventDefault();
    if (code === null) {
      setMissing(true);
      document.getElementById('ending-code')?.focus();
      return;
    }
    const chosen = code;
    if (await step.run(() => end(api, bulletin.id, kind, chosen, written(words)))) onDone();
  };
  return (
    <form class="ending" aria-labelledby="ending" onSubmit={(event) => void submit(event)} noValidate>
      <h2 id="ending">{said.title}</h2>
      <p>{bulletin.state === 'draft' ? text().endingDraft : said.what}</p>
      <Radios
        id="ending-code"
        legend={text().code}
        error={isMissing && code === null ? text().chooseCode : null}
        chosen={code}
        onChange={setCode}
        choices={CODES[kind].map((each) => ({
          code: each,
          label: text().codes[each],
          hint: text().codeHint[each],
        }))}
      />
      <fieldset class="choices">
        <legend class="field__label">{said.words}</legend>
        <p class="field__hint">{text().wordsHint}</p>
        {LANGUAGES.map((language) => (
          <Field
            key={language}
            id={`ending-${language}`}
            label={text().languages[language] ?? language}
            optional
          >
            {(control) => (
              <textarea
                {...control}
                lang={language === 'zh' ? 'zh-CN' : language}
                maxLength={MOST[kind]}
                value={words[language] ?? ''}
                onInput={(event) => setWords({ ...words, [language]: event.currentTarget.value })}
              />
            )}
          </Field>
        ))}
      </fieldset>
      <Refusal failure={step.failure} />
      <div class="row steps">
        <Button kind="danger" type="submit" busy={step.busy}>
          {said.submit}
        </Button>
        <Button onClick={onCancel}>{text().cancel}</Button>
      </div>
    </form>
  );
}

async function end(
  api: Api,
  id: string,
  kind: 'resolve' | 'withdraw',
  code: Code,
  words: Record<string, string> | null,
): Promise<void> {
  const params = { path: { bulletin_id: id } };
  if (kind === 'resolve') {
    const body = {
      code: code as (typeof CODES)['resolve'][number],
      ...(words ? { outcome: words } : {}),
    };
    await ok(api.POST('/v1/officer/bulletins/{bulletin_id}/resolve', { params, body }));
  } else {
    const body = {
      code: code as (typeof CODES)['withdraw'][number],
      ...(words ? { reason: words } : {}),
    };
    await ok(api.POST('/v1/officer/bulletins/{bulletin_id}/withdraw', { params, body }));
  }
}

function written(words: Record<string, string>): Record<string, string> | null {
  const found = Object.entries(words).filter(([, said]) => said.trim());
  return found.length ? Object.fromEntries(found) : null;
}
