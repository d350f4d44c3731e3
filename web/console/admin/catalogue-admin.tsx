import { useState } from 'preact/hooks';
import { Button } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { language } from '../../shared/language.ts';
import { useSaid } from '../../shared/said.ts';
import type { components } from '../../shared/schema';
import { clock } from '../moments.ts';
import { inWords } from '../dashboard/acknowledgement.tsx';
import { ok, useLoaded } from '../parts/asking.ts';
import { focusHeading } from '../parts/focus.ts';
import { Waiting } from '../parts/waiting.tsx';
import type { Api } from '../types.ts';
import { words } from '../words.ts';
import { AppForm } from './app-form.tsx';
import { CategoryForm } from './category-form.tsx';
import { EntryForm } from './entry-form.tsx';
import { text } from './texts.ts';

type Schemas = components['schemas'];
type State = Schemas['CatalogueState'];
export type CategoryEntry = Schemas['CategoryState'];
export type ChannelEntry = Schemas['ChannelState'];
export type Entry = ChannelEntry & Partial<Pick<CategoryEntry, 'deadlines'>>;

const URGENCIES = ['high', 'normal', 'low'] as const;

/** Which categories and channels are open, and by when a report is to be acknowledged. */
export function CatalogueAdmin({ api }: { api: Api }) {
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
                  api={api}
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
        <CategoryForm api={api} onSaved={() => void finish(t.added)} onCancel={() => setOpen(null)} />
      ) : (
        <Button onClick={() => setOpen('added')}>{t.add}</Button>
      )}
      {list('channels', state.channels)}
      <AppForm
        key={state.version}
        api={api}
        app={state.app}
        onSaved={() => void finish(t.savedOf(t.app))}
      />
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
