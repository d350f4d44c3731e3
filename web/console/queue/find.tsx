import type { TargetedSubmitEvent } from 'preact';

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
    if (typeof text !== 'string' || !text.trim()) return;
    search.text.value = text.trim();
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
