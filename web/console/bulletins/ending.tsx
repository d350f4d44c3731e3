import { useState } from 'preact/hooks';
import { Form, TextBox } from '../../shared/components/field.tsx';
import { useDesk } from '../desk.ts';
import { ok, Refusal, useStep } from '../parts/asking.tsx';
import { FormEnd } from '../parts/form-end.tsx';
import { Radios } from '../../shared/components/choices.tsx';
import type { Api, Schemas } from '../types.ts';
import { language } from '../../shared/language.ts';
import type { Bulletin } from './changes.ts';
import { fixedText } from './end.ts';
import { text } from './texts.ts';

const WITHDRAWALS = ['no_longer_sought', 'published_in_error'] as const;
const ENDS = { resolve: 'resolved', withdraw: 'withdrawn' } as const;
const MOST = { resolve: 1000, withdraw: 500 };
const LANGUAGES = ['zh', 'en'] as const;

type Code = Bulletin['outcomes'][number];

export interface EndingProps {
  bulletin: Bulletin;
  kind: 'resolve' | 'withdraw';
  onDone: () => void;
  onCancel: () => void;
}

/** End a bulletin: a code that takes effect at once, and words that wait for a second officer. */
export function Ending({ bulletin, kind, onDone, onCancel }: EndingProps) {
  const { api } = useDesk();
  const isCorrection = corrects(bulletin, kind);
  const [code, setCode] = useState<Code | null>(isCorrection ? codeOf(bulletin, kind) : null);
  const [words, setWords] = useState<Record<string, string>>(
    (isCorrection && (approvedWords(bulletin) ?? bulletin.pending_words)) || {},
  );
  const [isMissing, setMissing] = useState(false);
  const step = useStep();
  const said = { ...text().ending[kind], ...(isCorrection && text().endingAgain) };
  const unseen = isUnseen(bulletin);
  const submit = async () => {
    // Nobody reads the code of a draft that was never published.
    const chosen = unseen ? 'no_longer_sought' : code;
    if (chosen === null) {
      setMissing(true);
      document.getElementById('ending-code')?.focus();
      return;
    }
    if (await step.run(() => end(api, bulletin.id, kind, chosen, written(words)))) onDone();
  };
  return (
    <Form class="ending" aria-labelledby="ending" onSubmit={submit}>
      <h2 id="ending">{said.title}</h2>
      <p>{unseen ? text().endingDraft : said.what}</p>
      {!unseen && (
        <WhatReadersSee
          kind={kind}
          codes={codesOf(bulletin, kind)}
          approved={approvedWords(bulletin) && (isCorrection ? 'kept' : 'gone')}
          code={code}
          onCode={setCode}
          isMissing={isMissing}
          words={words}
          onWords={setWords}
        />
      )}
      <Refusal failure={step.failure} />
      <FormEnd submit={said.submit} kind="danger" busy={step.busy} onCancel={onCancel} isApart />
    </Form>
  );
}

interface SeenProps {
  kind: EndingProps['kind'];
  codes: readonly Code[];
  /** What becomes of the words that readers see now: they begin the new ones, or they go. */
  approved: 'kept' | 'gone' | null;
  code: Code | null;
  onCode: (code: Code) => void;
  isMissing: boolean;
  words: Record<string, string>;
  onWords: (words: Record<string, string>) => void;
}

function WhatReadersSee(props: SeenProps) {
  const { kind, codes, approved, code, onCode, isMissing, words, onWords } = props;
  return (
    <>
      <Radios
        id="ending-code"
        legend={text().code}
        error={isMissing && code === null ? text().chooseCode : null}
        chosen={code}
        onChange={onCode}
        choices={codes.map((each) => ({
          code: each,
          label: fixedText({ state: ENDS[kind], code: each }, language.value),
          hint: text().codeHint[each],
        }))}
      />
      <fieldset class="choices">
        <legend class="field__label">{text().ending[kind].words}</legend>
        <p class="field__hint">{text().wordsHint}</p>
        {approved && <p>{text().approvedWords[approved]}</p>}
        {LANGUAGES.map((each) => (
          <TextBox
            key={each}
            id={`ending-${each}`}
            label={text().languages[each] ?? each}
            optional
            lang={each === 'zh' ? 'zh-CN' : each}
            maxLength={MOST[kind]}
            value={words[each] ?? ''}
            onValue={(value) => onWords({ ...words, [each]: value })}
          />
        ))}
      </fieldset>
    </>
  );
}

/** Return whether residents have seen nothing of it, and so read nothing of its end. */
export function isUnseen(bulletin: Bulletin): boolean {
  return bulletin.published_version === null;
}

/** Return whether this end has come already: taken again, the step corrects what readers see. */
export function corrects({ state }: Bulletin, kind: EndingProps['kind']): boolean {
  return state === ENDS[kind];
}

/** Return the words about its end that readers see, null for none. */
export function approvedWords({ outcome, reason }: Bulletin): Record<string, string> | null {
  return outcome ?? reason;
}

/** Return what is said once the step is done, of the bulletin as it was before. */
export function endedWords(bulletin: Bulletin, kind: EndingProps['kind']): string {
  if (isUnseen(bulletin)) return text().doneDraft;
  return corrects(bulletin, kind) ? text().doneCorrection : text().done;
}

/** Return the codes of an end, in the order of the channel. */
function codesOf({ outcomes }: Bulletin, kind: EndingProps['kind']): readonly Code[] {
  return kind === 'resolve' ? outcomes : WITHDRAWALS;
}

function codeOf(bulletin: Bulletin, kind: EndingProps['kind']): Code | null {
  return codesOf(bulletin, kind).find((each) => each === bulletin.code) ?? null;
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
      code: code as Schemas['BulletinResolution']['code'],
      ...(words ? { outcome: words } : {}),
    };
    await ok(api.POST('/v1/officer/bulletins/{bulletin_id}/resolve', { params, body }));
  } else {
    const body = {
      code: code as Schemas['BulletinWithdrawal']['code'],
      ...(words ? { reason: words } : {}),
    };
    await ok(api.POST('/v1/officer/bulletins/{bulletin_id}/withdraw', { params, body }));
  }
}

function written(words: Record<string, string>): Record<string, string> | null {
  const found = Object.entries(words).filter(([, said]) => said.trim());
  return found.length ? Object.fromEntries(found) : null;
}
