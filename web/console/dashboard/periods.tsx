import { useState } from 'preact/hooks';
import { Button } from '../../shared/components/Button.tsx';
import { Field } from '../../shared/components/Field.tsx';
import { period } from './figures.ts';
import { text } from './texts.ts';

const DAYS = [7, 30, 90, 365];

export interface Period {
  since: string;
  until: string;
}

interface PeriodsProps {
  /** The present day in the city. */
  today: string;
  shown: Period;
  onShow: (period: Period) => void;
}

/** Which days the charts are about. */
export function Periods({ today, shown, onShow }: PeriodsProps) {
  const [isOther, setOther] = useState(false);
  return (
    <section aria-labelledby="period" class="periods">
      <h2 id="period">{text().period}</h2>
      <div class="row">
        {DAYS.map((days) => {
          const last = period(today, days);
          const isShown = !isOther && last.since === shown.since && last.until === shown.until;
          return (
            <Button
              key={days}
              aria-pressed={isShown}
              onClick={() => {
                setOther(false);
                onShow(last);
              }}
            >
              {text().lastDays(days)}
            </Button>
          );
        })}
        <Button aria-pressed={isOther} aria-expanded={isOther} onClick={() => setOther(!isOther)}>
          {text().otherPeriod}
        </Button>
      </div>
      {isOther && <OtherDays shown={shown} today={today} onShow={onShow} />}
      <p class="hint">{text().days}</p>
    </section>
  );
}

function OtherDays({
  shown,
  today,
  onShow,
}: {
  shown: Period;
  today: string;
  onShow: (period: Period) => void;
}) {
  const [days, setDays] = useState<Period>({ since: shown.since, until: shown.until });
  const submit = (event: Event) => {
    event.preventDefault();
    if (days.since && days.until) onShow(days);
  };
  return (
    <form class="row periods__other" onSubmit={submit}>
      {(['since', 'until'] as const).map((end) => (
        <Field key={end} id={`period-${end}`} label={end === 'since' ? text().from : text().to}>
          {(control) => (
            <input
              {...control}
              type="date"
              max={today}
              value={days[end]}
              onInput={(event) => setDays({ ...days, [end]: event.currentTarget.value })}
            />
          )}
        </Field>
      ))}
      <Button type="submit">{text().show}</Button>
    </form>
  );
}
