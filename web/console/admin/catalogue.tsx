import { useState } from 'preact/hooks';
import city from 'virtual:city';

import { Button } from '../../shared/components/button.tsx';
import { Check, choicesOf, Select } from '../../shared/components/choices.tsx';
import { Form, TextField } from '../../shared/components/field.tsx';
import { Status } from '../../shared/components/status.tsx';
import { language, useSaid } from '../../shared/language.ts';
import { clock, instant, toLocal } from '../../shared/time.ts';
import { inWords } from '../dashboard/charts.tsx';
import { useDesk } from '../desk.ts';
import { ok, Refusal, useLoaded, useStep, Waiting } from '../parts/asking.tsx';
import { focusHeading } from '../parts/focus.ts';
import { FormEnd } from '../parts/form-end.tsx';
import { words } from '../words.ts';
import type { Schemas } from '../types.ts';
import { CategoryForm } from './category-form.tsx';
import { text } from './texts.ts';

type State = Schemas['CatalogueState'];
export type CategoryEntry = Schemas['CategoryState'];
export type ChannelEntry = Schemas['ChannelState'];
export type Entry = ChannelEntry & Partial<Pick<CategoryEntry, 'deadlines' | 'blur'>>;

const URGENCIES = ['high', 'normal', 'low'] as const;

/** Which categories and channels are open, and by when a report is to be acknowledged. */
export function CatalogueAdmin() {
  const { api } = useDesk();
  // A call that changes nothing returns the state, and makes no new version.
  const { loaded, again } = useLoaded(
    () => ok(api.PATCH('/v1/admin/catalogue', { body: {} })),
    language.value,
  );
  const [open, setOpen] = useState<string | null>(null);
  const [done, setDone] = useSaid<string | null>(null);
  const finish = async (message: string) => {
    setOpen(null);
    setDone(message);
    await again();
    focusHeading();
  };
  const t = text().catalogue;
  const list = (kind: 'categories' | 'channels', entries: readonly Entry[]) => (
    <section class="entries" aria-labelledby={kind}>
      <h2 id={kind}>{t[kind]}</h2>
      <ul class="rows">
        {entries.map((entry) => {
          const key = `${kind}.${entry.code}`;
          return (
            <li class="rows__one" key={key}>
              <Facts entry={entry} />
              {open === key ? (
                <EntryForm
                  kind={kind}
                  entry={entry}
                  onSaved={() => void finish(t.savedOf(entry.label))}
                  onCancel={() => setOpen(null)}
                />
              ) : (
                <Button aria-label={t.changeOf(entry.label)} onClick={() => setOpen(key)}>
                  {t.change}
                </Button>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
  const all = (state: State) => (
    <>
      {list('categories', state.categories)}
      {open === 'added' ? (
        <CategoryForm onSaved={() => void finish(t.added)} onCancel={() => setOpen(null)} />
      ) : (
        <Button onClick={() => setOpen('added')}>{t.add}</Button>
      )}
      {list('channels', state.channels)}
      <AppForm key={state.version} app={state.app} onSaved={() => void finish(t.savedOf(t.app))} />
    </>
  );
  return (
    <>
      <p>{t.what}</p>
      <Status kind="success">{done}</Status>
      <Waiting loaded={loaded} again={again}>
        {all}
      </Waiting>
    </>
  );
}

function Facts({ entry }: { entry: Entry }) {
  const t = text().catalogue;
  const { deadlines } = entry;
  return (
    <div>
      <strong>{entry.label}</strong>
      <p class="rows__facts">
        <code>{entry.code}</code>
        <span class={entry.state === 'active' ? 'state state--good' : 'state state--waiting'}>
          {t.shortStates[entry.state]}
        </span>
        {entry.blur && <span>{t.blurred}</span>}
        {entry.activates_at && <span>{t.opensAt(clock(entry.activates_at))}</span>}
        {deadlines &&
          URGENCIES.map((urgency) => (
            <span key={urgency}>
              {t.inMinutes(
                words().urgency[urgency],
                deadlines[urgency] ? inWords(deadlines[urgency] * 60) : t.noDeadline,
              )}
            </span>
          ))}
      </p>
    </div>
  );
}

const STATES = ['planned', 'shadow', 'active', 'paused', 'retired'] as const;
type Stage = (typeof STATES)[number];
// What opens by itself later must be closed now, or a trial.
const WAITING: readonly Stage[] = ['planned', 'shadow', 'paused'];

export interface EntryFormProps {
  kind: 'categories' | 'channels';
  entry: Entry;
  onSaved: () => void;
  onCancel: () => void;
}

/** The state of a category or channel, and the deadlines of a category. */
export function EntryForm({ kind, entry, onSaved, onCancel }: EntryFormProps) {
  const { api } = useDesk();
  const [state, setState] = useState<Stage>(entry.state);
  const [opens, setOpens] = useState(entry.activates_at ? toLocal(new Date(entry.activates_at), city.timeZone) : '');
  const [deadlines, setDeadlines] = useState<Record<string, number>>(() => ({ ...entry.deadlines }));
  const [blur, setBlur] = useState(entry.blur ?? false);
  const step = useStep();
  const t = text().catalogue;
  const id = (field: string): string => `${entry.code}-${field}`;
  const waits = WAITING.includes(state);
  const submit = () => {
    void step.run(async () => {
      const lifecycle = {
        code: entry.code,
        state,
        activates_at: waits && opens ? instant(opens, city.timeZone) : null,
      };
      const body =
        kind === 'channels'
          ? { channels: [lifecycle] }
          : { categories: [{ ...lifecycle, deadlines, blur }] };
      await ok(api.PATCH('/v1/admin/catalogue', { body }));
      onSaved();
    });
  };
  return (
    <Form class="entry" onSubmit={submit} aria-label={t.changeOf(entry.label)}>
      <Select
        id={id('state')}
        label={t.state}
        chosen={state}
        choices={choicesOf(
          STATES.filter((each) => each !== 'shadow' || kind === 'categories'),
          t.states,
        )}
        onChange={setState}
      />
      {waits && (
        <TextField
          id={id('opens')}
          label={t.activates}
          hint={t.activatesHint}
          optional
          type="datetime-local"
          value={opens}
          onValue={setOpens}
        />
      )}
      {kind === 'categories' && (
        <fieldset class="choices">
          <legend class="field__label">{t.deadlines}</legend>
          <p class="field__hint">{t.deadlinesHint}</p>
          <div class="entry__numbers">
            {URGENCIES.map((urgency) => (
              <TextField
                key={urgency}
                id={id(urgency)}
                label={t.deadline(words().urgency[urgency])}
                type="number"
                min={0}
                max={43_200}
                value={deadlines[urgency] ?? 0}
                onValue={(value) => setDeadlines({ ...deadlines, [urgency]: Number(value) })}
              />
            ))}
          </div>
        </fieldset>
      )}
      {kind === 'categories' && (
        <Check checked={blur} onChange={setBlur}>
          {t.blur}
        </Check>
      )}
      <Refusal failure={step.failure} />
      <FormEnd submit={text().save} busy={step.busy} onCancel={onCancel} />
    </Form>
  );
}

type App = Schemas['App'];

/** The settings for apps: the oldest version that should be used. */
export function AppForm({ app, onSaved }: { app: App; onSaved: () => void }) {
  const { api } = useDesk();
  const [minimum, setMinimum] = useState(app.minimum_version);
  const step = useStep();
  const t = text().catalogue;
  const submit = () => {
    void step.run(async () => {
      const body = { app: { minimum_version: minimum } };
      await ok(api.PATCH('/v1/admin/catalogue', { body }));
      onSaved();
    });
  };
  return (
    <section aria-labelledby="for-apps">
      <h2 id="for-apps">{t.app}</h2>
      <Form class="card narrow" onSubmit={submit}>
        <TextField
          id="minimum"
          label={t.minimum}
          hint={t.minimumHint}
          value={minimum}
          onValue={setMinimum}
        />
        <Refusal failure={step.failure} />
        <Button type="submit" busy={step.busy}>
          {text().save}
        </Button>
      </Form>
    </section>
  );
}
