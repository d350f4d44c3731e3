import { useState } from 'preact/hooks';
import { Button } from '../../shared/components/button.tsx';
import { Field } from '../../shared/components/field.tsx';
import type { components } from '../../shared/schema';
import { ok, useStep } from '../parts/asking.ts';
import { Refusal } from '../parts/refusal.tsx';
import type { Api } from '../types.ts';
import { text } from './texts.ts';

type App = components['schemas']['App'];

/** The settings for apps: the oldest version that should be used. */
export function AppForm({ api, app, onSaved }: { api: Api; app: App; onSaved: () => void }) {
  const [minimum, setMinimum] = useState(app.minimum_version);
  const step = useStep();
  const t = text().catalogue;
  const submit = (event: Event) => {
    event.preventDefault();
    void step.run(async () => {
      const body = { app: { minimum_version: minimum } };
      await ok(api.PATCH('/v1/admin/catalogue', { body }));
      onSaved();
    });
  };
  return (
    <section aria-labelledby="for-apps">
      <h2 id="for-apps">{t.app}</h2>
      <form class="card narrow" onSubmit={submit} noValidate>
        <Field id="minimum" label={t.minimum} hint={t.minimumHint}>
          {(control) => (
            <input
              {...control}
              value={minimum}
              onInput={(event) => setMinimum(event.currentTarget.value)}
            />
          )}
        </Field>
        <Refusal failure={step.failure} />
        <Button type="submit" busy={step.busy}>
          {text().save}
        </Button>
      </form>
    </section>
  );
}
