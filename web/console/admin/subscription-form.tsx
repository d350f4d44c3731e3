import { useState } from 'preact/hooks';
import { Button } from '../../shared/components/button.tsx';
import { Form } from '../../shared/components/field.tsx';
import { useDesk } from '../desk.ts';
import { ok, Refusal, useStep } from '../parts/asking.tsx';
import { Check, Checks, choicesOf, Radios, Select } from '../../shared/components/choices.tsx';
import type { Schemas, Urgency } from '../types.ts';
import { words } from '../words.ts';
import { text } from './texts.ts';

type Protocol = Schemas['Protocol'];

const URGENCIES: readonly Urgency[] = ['low', 'normal', 'high', 'critical'];
const LANGUAGES = ['zh', 'en'] as const;

export interface SubscriptionFormProps {
  /** The kinds that the officer does not have yet: at least one. */
  free: readonly Protocol[];
  onDone: () => void;
}

/** A new subscription to notices, inside the officer's scope. */
export function SubscriptionForm({ free, onDone }: SubscriptionFormProps) {
  const { api, me, names } = useDesk();
  const [protocol, setProtocol] = useState<Protocol>(free[0] ?? 'email');
  const [categories, setCategories] = useState<string[]>([]);
  const [districts, setDistricts] = useState<string[]>([]);
  const [urgency, setUrgency] = useState<Urgency>('low');
  const [language, setLanguage] = useState('');
  const [drills, setDrills] = useState(false);
  const step = useStep();
  const t = text().me;
  const submit = () => {
    void step.run(async () => {
      const body = {
        protocol,
        categories,
        districts,
        min_urgency: urgency,
        language: protocol === 'email' && language ? language : null,
        drills,
      };
      await ok(api.POST('/v1/officer/subscriptions', { body }));
      onDone();
    });
  };
  const catalogue = names.catalogue.value;
  return (
    <Form onSubmit={submit} aria-labelledby="subscribe">
      <h3 id="subscribe">{t.subscribe}</h3>
      <Radios
        id="protocol"
        legend={t.protocol}
        chosen={protocol}
        onChange={setProtocol}
        choices={free.map((code) => ({ code, label: t.protocols[code] }))}
      />
      <Select
        id="min-urgency"
        label={t.from}
        chosen={urgency}
        choices={choicesOf(URGENCIES, words().urgency)}
        onChange={setUrgency}
      />
      {protocol === 'email' && (
        <Select
          id="email-language"
          label={t.emailLanguage}
          chosen={language}
          choices={[
            { code: '', label: t.allLanguages },
            ...LANGUAGES.map((code) => ({ code, label: t.languages[code] ?? code })),
          ]}
          onChange={setLanguage}
        />
      )}
      <Checks
        id="only-categories"
        legend={t.categories}
        hint={t.noneMeansAll}
        chosen={categories}
        onChange={setCategories}
        choices={inScope(catalogue?.categories ?? [], me.scope.categories)}
      />
      <Checks
        id="only-districts"
        legend={t.districts}
        hint={t.noneMeansAll}
        chosen={districts}
        onChange={setDistricts}
        choices={inScope(catalogue?.districts ?? [], me.scope.districts).filter(
          ({ code }) => code !== 'outside' && code !== 'unknown',
        )}
      />
      <Check id="drills" checked={drills} onChange={setDrills} hint={t.drillsHint}>
        {t.drills}
      </Check>
      <Refusal failure={step.failure} />
      <Button kind="primary" type="submit" busy={step.busy}>
        {t.subscribe}
      </Button>
    </Form>
  );
}

function inScope(
  all: readonly { code: string; label: string }[],
  scope: readonly string[],
): { code: string; label: string }[] {
  return all
    .filter(({ code }) => scope.includes('*') || scope.includes(code))
    .map(({ code, label }) => ({ code, label }));
}
