import type { TargetedSubmitEvent } from 'preact';

import { digits } from '../../shared/answers.ts';
import { useDesk } from '../desk.ts';
import { Icon } from '../frame/icon.tsx';
import { go, pathTo } from '../router.ts';
import { queueTexts } from './texts.ts';

/** Look for a report by a number. The number is in no address, so that no history has it. */
export function Find() {
  const t = queueTexts();
  const { search } = useDesk();
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const text = new FormData(event.currentTarget).get('number');
    if (typeof text !== 'string' || !digits(text)) return;
    search.text.value = digits(text);
    go(pathTo('search'));
  };
  return (
    <form class="find" role="search" onSubmit={submit}>
      <label for="find" class="hidden-visually">
        {t.search}
      </label>
      <input
        id="find"
        name="number"
        class="field__control"
        placeholder={t.searchHint}
        defaultValue={search.text.value}
        maxLength={60}
        autocomplete="off"
        spellcheck={false}
      />
      <button type="submit" class="button">
        <Icon name="search" />
        {t.find}
      </button>
    </form>
  );
}

/** What can be looked for, as the API's document says. */

const REFERENCE = /^[ -]*([0-9A-TV-Za-tv-z][ -]*){8}$/;
const LETTERS_AND_DIGITS = /[\p{L}\p{N}]/gu;

/** Return whether a text can be a reference, typed in any way. */
export function isReference(text: string): boolean {
  const typed = digits(text);
  return typed.length <= 20 && REFERENCE.test(typed);
}

/** Return whether a text can be a plate or another number; the API decides. */
export function isNumber(text: string): boolean {
  const signs = text.match(LETTERS_AND_DIGITS) ?? [];
  const figures = signs.filter((sign) => /\p{Nd}/u.test(sign));
  return signs.length >= 4 && signs.length <= 21 && figures.length >= 2;
}
