import { useState } from 'preact/hooks';
import { Button } from '../../shared/components/button.tsx';
import type { Period } from './days.ts';
import { period } from './figures.ts';
import { OtherDays } from './other-days.tsx';
import { text } from './texts.ts';

const DAYS = [7, 30, 90, 365];

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
