import { useState } from 'preact/hooks';
import { Button } from '../../shared/components/button.tsx';
import { Field } from '../../shared/components/field.tsx';
import { ok, useStep } from '../parts/asking.ts';
import { instant, toLocal } from '../../shared/time.ts';
import { Refusal } from '../parts/refusal.tsx';
import type { Api } from '../types.ts';
import { words } from '../words.ts';
import type { Entry } from './catalogue-admin.tsx';
import { text } from './texts.ts';

const URGENCIES = ['high', 'normal', 'low'] as const;
const STATES = ['planned', 'shadow', 'active', 'paused', 'retired'] as const;
type State = (typeof STATES)[number];
// What opens by itself later must be closed now, or a trial.
const WAITING: readonly State[] = ['planned', 'shadow', 'paused'];

export interface EntryFormProps {
  api: Api;
  kind: 'categories' | 'channels';
  entry: Entry;
  onSaved: () => void;
  onCancel: () => void;
}

/** The state of a category or channel, and the deadlines of a category. */
export function EntryForm({ api, kind, entry, onSaved, onCancel }: EntryFormProps) {
  const [state, setState] = useState<State>(entry.state);
  const [opens, setOpens] = useState(entry.activates_at ? toLocal(new Date(entry.activates_at)) : '');
  const [deadlines, setDeadlines] = useState<Record<string, number>>(() => ({ ...entry.deadlines }));
  const step = useStep();
  const t = text().catalogue;
  const id = (field: string): string => `${entry.code}-${field}`;
  const waits = WAITING.includes(state);
  const submit = (event: Event) => {
    event.preventDefault();
    void step.run(async () => {
      const lifecycle = {
        code: entry.code,
        state,
        activates_at: waits && opens ? instant(opens) : null,
      };
      const body =
        kind === 'channels'
          ? { channels: [lifecycle] }
          : { categories: [{ ...lifecycle, deadlines }] };
      await ok(api.PATCH('/v1/admin/catalogue', { body }));
      onSaved();
    });
  };
  return (
    <form class="entry" onSubmit={submit} noValidate aria-label={t.changeOf(entry.label)}>
      <Field id={id('state')} label={t.state}>
        {(control) => (
          <select
            {...control}
            value={state}
            onChange={(event) => setState(event.currentTarget.value as State)}
          >
            {STATES.filter((each) => each !== 'shadow' || kind === 'categories').map((each) => (
              <option key={each} value={each}>
                {t.states[each]}
              </option>
            ))}
          </select>
        )}
      </Field>
      {waits && (
        <Field id={id('opens')} label={t.activates} hint={t.activatesHint} optional>
          {(control) => (
            <input
              {...control}
              type="datetime-local"
              value={opens}
              onInput={(event) => setOpens(event.currentTarget.value)}
            />
          )}
        </Field>
      )}
      {kind === 'categories' && (
        <fieldset class="choices">
          <legend class="field__label">{t.deadlines}</legend>
          <p class="field__hint">{t.deadlinesHint}</p>
          <div class="entry__numbers">
            {URGENCIES.map((urgency) => (
              <Field key={urgency} id={id(urgency)} label={t.deadline(words().urgency[urgency])}>
                {(control) => (
                  <input
                    {...control}
                    type="number"
                    min={0}
                    max={43_200}
                    value={deadlines[urgency] ?? 0}
                    onInput={(event) =>
                      setDeadlines({ ...deadlines, [urgency]: Number(event.currentTarget.value) })
                    }
                  />
                )}
              </Field>
            ))}
          </div>
        </fieldset>
      )}
      <Refusal failure={step.failure} />
      <div class="row">
        <Button kind="primary" type="submit" busy={step.busy}>
          {text().save}
        </Button>
        <Button onClick={onCancel}>{text().cancel}</Button>
      </div>
    </form>
  );
}
