import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { LanguageSwitch } from '../../shared/components/language-switch.tsx';
import { Status } from '../../shared/components/status.tsx';
import { listed } from '../../shared/language.ts';
import { useDesk } from '../desk.ts';
import { ok, Refusal, useLoaded, useStep, Waiting } from '../parts/asking.tsx';
import { Facts } from '../parts/fact.tsx';
import { focusHeading } from '../parts/focus.ts';
import { type Schemas, seesReports } from '../types.ts';
import { words } from '../words.ts';
import { rolesInWords, scopeInWords } from './officer-list.tsx';
import { SubscriptionForm } from './subscription-form.tsx';
import { text } from './texts.ts';

type Subscription = Schemas['Subscription'];

const PROTOCOLS = ['email', 'sms'] as const;

/** The officer's own settings: who they are here, the language, and which notices they get. */
export function Mine() {
  const { me, names } = useDesk();
  const t = text().me;
  const facts: [string, string][] = [
    [text().fields.name, me.name || text().none],
    [text().fields.username, me.username],
    [text().fields.roles, rolesInWords(me)],
    [text().fields.categories, scopeInWords(me.scope.categories, (code) => names.category(code))],
    [text().fields.districts, scopeInWords(me.scope.districts, (code) => names.district(code))],
  ];
  return (
    <>
      <section class="card narrow settings" aria-labelledby="who">
        <h2 id="who">{t.who}</h2>
        <Facts rows={facts} />
      </section>
      <section class="card narrow settings" aria-labelledby="language">
        <h2 id="language">{t.language}</h2>
        <p>{t.languageHint}</p>
        <LanguageSwitch />
      </section>
      {seesReports(me) && <SoundSetting />}
      <Subscriptions />
    </>
  );
}

function SoundSetting() {
  const { sound } = useDesk();
  const t = text().me;
  return (
    <section class="card narrow settings" aria-labelledby="sound">
      <h2 id="sound">{t.sound}</h2>
      <p>{t.soundHint}</p>
      <Button aria-pressed={sound.on.value} onClick={() => void sound.toggle()}>
        {sound.on.value ? t.soundOn : t.soundOff}
      </Button>
    </section>
  );
}

function Subscriptions() {
  const { api } = useDesk();
  const { loaded, again } = useLoaded(
    () => ok(api.GET('/v1/officer/subscriptions')),
    'subscriptions',
  );
  const [done, setDone] = useState<'subscribed' | 'removed' | null>(null);
  const step = useStep();
  const t = text().me;
  const waits = loaded.value?.items.some(({ confirmed }) => !confirmed);
  const finish = async (what: 'subscribed' | 'removed') => {
    await again();
    setDone(what);
    focusHeading();
  };
  const remove = (subscription: Subscription) =>
    step.run(async () => {
      const params = { path: { subscription_id: subscription.id } };
      await ok(api.DELETE('/v1/officer/subscriptions/{subscription_id}', { params }));
      await finish('removed');
    });
  return (
    <section class="card narrow settings" aria-labelledby="subscriptions">
      <h2 id="subscriptions">{t.subscriptions}</h2>
      <p>{t.subscriptionsWhat}</p>
      <Status kind="success">{done && t[done === 'subscribed' && waits ? 'toConfirm' : done]}</Status>
      <Waiting loaded={loaded} again={again}>
        {({ items }) => {
          const free = PROTOCOLS.filter((each) => !items.some(({ protocol }) => protocol === each));
          return (
            <>
              {items.length === 0 && <p>{t.noneYet}</p>}
              {items.map((each) => (
                <One
                  key={each.id}
                  subscription={each}
                  busy={step.busy}
                  onRemove={() => void remove(each)}
                />
              ))}
              <Refusal failure={step.failure} />
              {free.length > 0 ? (
                <SubscriptionForm
                  key={free.join()}
                  free={free}
                  onDone={() => void finish('subscribed')}
                />
              ) : (
                <p>{t.both}</p>
              )}
            </>
          );
        }}
      </Waiting>
    </section>
  );
}

interface OneProps {
  subscription: Subscription;
  busy: boolean;
  onRemove: () => void;
}

function One({ subscription, busy, onRemove }: OneProps) {
  const { names } = useDesk();
  const t = text().me;
  const { protocol, categories, districts } = subscription;
  const scope = [
    ...categories.map((code) => names.category(code)),
    ...districts.map((code) => names.district(code)),
  ];
  return (
    <div class="subscription">
      <p>
        <strong>{t.protocols[protocol]}</strong> {subscription.address}{' '}
        <span class={subscription.confirmed ? 'state state--good' : 'state state--waiting'}>
          {subscription.confirmed ? t.confirmed : t.notConfirmed}
        </span>
      </p>
      <p class="rows__facts">
        <span>{listed(scope) || t.wholeScope}</span>
        <span>{t.minUrgency(words().urgency[subscription.min_urgency])}</span>
        {protocol === 'email' && (
          <span>
            {t.inLanguage(
              subscription.language
                ? (t.languages[subscription.language] ?? subscription.language)
                : t.allLanguages,
            )}
          </span>
        )}
        <span>{subscription.drills ? t.withDrills : t.withoutDrills}</span>
      </p>
      <Button busy={busy} aria-label={t.removeOf(t.protocols[protocol])} onClick={onRemove}>
        {t.remove}
      </Button>
    </div>
  );
}
