import { useState } from 'preact/hooks';
import { Button } from '../../shared/components/button.tsx';
import { Form } from '../../shared/components/field.tsx';
import { Status } from '../../shared/components/status.tsx';
import { gap, sentences, useSaid } from '../../shared/language.ts';
import { useDesk } from '../desk.ts';
import { ok, Refusal, type Step, useLoaded, useStep, Waiting } from '../parts/asking.tsx';
import { FormEnd } from '../parts/form-end.tsx';
import { choicesOf, Radios, Select } from '../../shared/components/choices.tsx';
import { clock } from '../../shared/time.ts';
import type { Schemas } from '../types.ts';
import { Chart } from './charts.tsx';
import { text } from './texts.ts';

type State = Schemas['LoadLevel'];
type Reason = Schemas['LevelReason'];

const LEVELS = [0, 1, 2, 3];
const MINUTES = [30, 60, 120, 240, 720, 1440] as const;
const REASONS: readonly Reason[] = ['attack', 'false_alarm', 'event', 'exercise'];

export interface LevelProps {
  state: State;
  again: () => Promise<void>;
  mayChange: boolean;
}

/** How far above the usual the number of reports is, and the form to set it. */
export function Level({ state, again, mayChange }: LevelProps) {
  const { api } = useDesk();
  const [isSetting, setSetting] = useState(false);
  const [done, setDone] = useSaid<string | null>(null);
  const step = useStep();
  const finish = async (message: string) => {
    setSetting(false);
    setDone(message);
    await again();
  };
  const lift = async () => {
    if (await step.run(() => ok(api.DELETE('/v1/officer/load-level')))) {
      await finish(text().levelLifted);
    }
  };
  return (
    <Chart title={text().levelTitle}>
      <Gauge level={state.level} />
      <p>
        <strong>{text().levelSaid(text().levels[state.level] ?? '')}</strong>
        {gap()}
        {text().levelWhat[state.level]}
      </p>
      {state.set_until && (
        <p>
          {sentences(
            text().setUntil(clock(state.set_until)),
            text().automatic(text().levels[state.automatic] ?? ''),
          )}
        </p>
      )}
      <Status kind="success">{done}</Status>
      {mayChange && !isSetting && (
        <div class="row">
          <Button onClick={() => setSetting(true)}>{text().setLevel}</Button>
          {state.set_until && (
            <Button busy={step.busy} onClick={() => void lift()}>
              {text().lift}
            </Button>
          )}
        </div>
      )}
      {isSetting && (
        <Setting
          step={step}
          onSet={() => void finish(text().levelSet)}
          onCancel={() => setSetting(false)}
        />
      )}
      <Refusal failure={step.failure} />
    </Chart>
  );
}

/** The same for an admin who sees no statistics: the level is public. */
export function LevelOfService() {
  const { api } = useDesk();
  const { loaded, again } = useLoaded(() => ok(api.GET('/v1/health')), 'health');
  return (
    <Waiting loaded={loaded} again={again}>
      {({ load_level: level }) => (
        <Level state={{ level, automatic: level, set_until: null }} again={again} mayChange />
      )}
    </Waiting>
  );
}

function Gauge({ level }: { level: number }) {
  return (
    <svg class="gauge" width="100%" height="28" role="img" aria-label={text().levelOf(level)}>
      {LEVELS.map((each) => (
        <rect
          key={each}
          class={each <= level ? 'gauge__part gauge__part--on' : 'gauge__part'}
          x={`${each * 25 + 0.5}%`}
          y={18 - each * 5}
          width="24%"
          height={9 + each * 5}
        />
      ))}
    </svg>
  );
}

interface SettingProps {
  step: Step;
  onSet: () => void;
  onCancel: () => void;
}

function Setting({ step, onSet, onCancel }: SettingProps) {
  const { api } = useDesk();
  const [level, setLevel] = useState<string | null>(null);
  const [minutes, setMinutes] = useState<number>(MINUTES[1]);
  const [reason, setReason] = useState<Reason | null>(null);
  const [isMissing, setMissing] = useState(false);
  const submit = async () => {
    if (level === null || reason === null) {
      setMissing(true);
      return;
    }
    const body = { level: Number(level), minutes, reason };
    if (await step.run(async () => void (await ok(api.PUT('/v1/officer/load-level', { body }))))) {
      onSet();
    }
  };
  return (
    <Form onSubmit={submit}>
      <Radios
        id="level"
        legend={text().level}
        chosen={level}
        onChange={setLevel}
        choices={LEVELS.map((each) => ({
          code: String(each),
          label: text().levels[each] ?? String(each),
          hint: text().levelWhat[each],
        }))}
      />
      <Select
        id="minutes"
        label={text().minutes}
        chosen={minutes}
        choices={choicesOf(MINUTES, text().durations)}
        onChange={setMinutes}
      />
      <Radios
        id="level-reason"
        legend={text().reason}
        hint={text().onRecord}
        chosen={reason}
        onChange={setReason}
        choices={REASONS.map((code) => ({ code, label: text().reasons[code] }))}
      />
      <Status kind="error">{isMissing && (level === null || reason === null) && text().chooseAll}</Status>
      <FormEnd submit={text().set} busy={step.busy} onCancel={onCancel} />
    </Form>
  );
}
