/** What the service has in words for every report: templates of replies, and the text of each outcome. */

import { useEffect, useState } from 'preact/hooks';

import { language } from '../../shared/language.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import type { Api, Report, Schemas } from '../types.ts';

type FixedTexts = Schemas['Templates'];

// They change with a new version of the service only, and each call is on record: once is enough.
const read = new WeakMap<Api, Promise<FixedTexts | null>>();

export function useFixedTexts(): FixedTexts {
  const { api } = useDesk();
  const [texts, setTexts] = useState<FixedTexts>({ items: [], outcomes: [] });
  useEffect(() => {
    void ask(api).then((found) => found && setTexts(found));
  }, [api]);
  return texts;
}

function ask(api: Api): Promise<FixedTexts | null> {
  const before = read.get(api);
  if (before) return before;
  const asked = outcomeOf(api.GET('/v1/officer/templates')).then((outcome) => {
    if (outcome.ok) return outcome.data;
    read.delete(api);
    return null;
  });
  read.set(api, asked);
  return asked;
}

/**
 * Return what the reporter of a closed report reads before the officer's words; an empty text until
 * it is known. Until a second officer has confirmed the outcome, it is that of `malicious`.
 */
export function useOutcomeText(disposition: Report['disposition']): string {
  const { outcomes } = useFixedTexts();
  const wanted = disposition ?? 'malicious';
  const found = outcomes.find((one) => one.disposition === wanted);
  return found?.text[language.value] ?? found?.text.en ?? '';
}
