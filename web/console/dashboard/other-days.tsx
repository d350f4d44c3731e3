import { useState } from 'preact/hooks';
import { Button } from '../../shared/components/button.tsx';
import { ErrorSummary } from '../../shared/components/error-summary.tsx';
import { Field } from '../../shared/components/field.tsx';
import { type End, type Faults, faultsIn, LONGEST_DAYS, type Period } from './days.ts';
import { text } from './texts.ts';

const ENDS: readonly End[] = ['since', 'until'];

interface OtherDaysProps {
  /** The present day in the city. */
  today: string;
  shown: Period;
  onShow: (period: Period) => void;
}

/** Any two days. What is shown stays until both are such as the API takes. */
export function OtherDays({ today, shown, onShow }: OtherDaysProps) {
  const [days, setDays] = useState<Period>({ since: shown.since, until: shown.until });
  const [said, setSaid] = useState<Faults>({});
  const now = faultsIn(days, today);
  // Half a year that is being typed is no new fault; what is put right is none any more.
  const error = (end: End) => {
    const fault = said[end];
    return fault && fault === now[end] ? text().faults[fault](LONGEST_DAYS) : null;
  };
  const submit = (event: Event) => {
    event.preventDefault();
    setSaid(now);
    if (!now.since && !now.until) onShow(days);
  };
  const label = (end: End) => (end === 'since' ? text().from : text().to);
  return (
    <form class="periods__other" onSubmit={submit} noValidate>
      <ErrorSummary
        errors={ENDS.flatMap((end) => {
          const line = error(end);
          return line ? [{ field: idOf(end), label: label(end), text: line }] : [];
        })}
      />
      <div class="row">
        {ENDS.map((end) => (
          <Field key={end} id={idOf(end)} label={label(end)} error={error(end)}>
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
      </div>
    </form>
  );
}

function idOf(end: End): string {
  return `period-${end}`;
}
