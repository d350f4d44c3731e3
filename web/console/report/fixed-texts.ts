/** What the service has in words for every report: templates of replies, and the text of each outcome. */

import { useEffect, useState } from 'preact/hooks';

import { type Language, language } from '../../shared/language.ts';
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
 * it is known.
 */
export function useOutcomeText(disposition: Report['disposition']): string {
  const { outcomes } = useFixedTexts();
  const found = outcomes.find((one) => one.disposition === disposition);
  return found?.text[language.value] ?? found?.text.en ?? '';
}

/** Templates of messages: what is known is filled in, and nothing is sent with a gap. */

const PLACEHOLDER = /\{([a-z_]+)\}/g;

/** Fill what is known into a text; the other placeholders stay. */
export function filled(text: string, known: Readonly<Record<string, string | null>>): string {
  return text.replace(PLACEHOLDER, (whole, name: string) => known[name] || whole);
}

/** Return the placeholders that a text still has, each once. */
export function gaps(text: string): string[] {
  return [...new Set(text.match(PLACEHOLDER) ?? [])];
}

/** Return the language of most of the words; null when there are none. A character counts as one. */
export function languageIn(text: string): Language | null {
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  const latin = text.match(/\p{Script=Latin}{2,}/gu)?.length ?? 0;
  if (han + latin === 0) return null;
  // A Chinese word has about two characters.
  return han / 2 >= latin ? 'zh' : 'en';
}
