import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { Button } from '../../shared/components/Button.tsx';
import { categoryOf } from '../catalogue.ts';
import { eraseDraft, readDraft } from '../draft.ts';
import { isBegun } from '../form.ts';
import type { Entry, EntryState } from '../outbox/types.ts';
import { go, word } from '../screen.ts';
import { outbox } from '../service.ts';
import { showTime } from '../time.ts';
import { language } from '../../shared/language.ts';
import { start } from './texts.ts';

/** The category of the report that was begun; null if there is none. */
const begun = signal<string | null>(null);

/** What is on this phone: the report that was begun, and those that are not sent or confirmed. */
export function Unfinished() {
  const text = start();
  const entries = outbox.value?.entries.value ?? [];
  useEffect(() => {
    void readDraft().then((draft) => {
      begun.value = draft && isBegun(draft.form, draft.files.length) ? draft.form.category : null;
    });
  }, []);
  if (begun.value === null && entries.length === 0) return null;
  return (
    <section class="unfinished" aria-labelledby="unfinished">
      <h2 id="unfinished">{text.unsent}</h2>
      <ul class="plain">
        {begun.value !== null && (
          <li class="unfinished__one">
            <p>{text.draft}</p>
            <div class="row">
              <Button kind="primary" onClick={() => goOn(begun.value ?? '')}>
                {text.draftOpen}
              </Button>
              <Button onClick={() => void erase(text.draftErased)}>{text.draftErase}</Button>
            </div>
          </li>
        )}
        {entries.map((entry) => (
          <li key={entry.id} class="unfinished__one">
            <p>
              <strong>{stateOf(entry)}</strong>
              <br />
              <span class="muted">
                {[
                  categoryOf(entry.category)?.label ?? entry.reference,
                  showTime(new Date(entry.createdAt).toISOString(), language.value),
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </span>
            </p>
            <Button onClick={() => open(entry)}>{text.unsentOpen}</Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Files that were added to a report are shown in that report. */
function open(entry: Entry): void {
  if (entry.category === '') go({ name: 'mine', receipt: entry.receipt ?? null });
  else go({ name: 'sent', entry: entry.id });
}

function goOn(category: string): void {
  go({ name: 'write', category, bulletin: null });
}

async function erase(said: string): Promise<void> {
  await eraseDraft();
  begun.value = null;
  word.value = said;
}

function stateOf(entry: Entry): string {
  const text = start();
  const words: Readonly<Record<EntryState, string>> = {
    waiting: text.stateWaiting,
    proving: text.stateProving,
    sending: text.stateSending,
    uploading: text.stateUploading,
    sent: text.stateSent,
    refused: text.stateRefused,
  };
  return words[entry.state];
}
