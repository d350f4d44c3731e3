import { Button } from '../../shared/components/button.tsx';
import { Field } from '../../shared/components/field.tsx';
import { useDesk } from '../desk.ts';
import { Checks } from '../../shared/components/choices.tsx';
import { type Mistake, type NewShift, WEEKDAYS } from './plan.ts';
import type { Officer } from './row.ts';
import { endsNextDay } from './shift-list.tsx';
import { text } from './texts.ts';

export interface ShiftFieldsProps {
  /** From 1. */
  number: number;
  shift: NewShift;
  mistakes: readonly Mistake[];
  /** Who can be on duty. */
  officers: readonly Officer[];
  onChange: (shift: NewShift) => void;
  onRemove: () => void;
}

/** The fields of one shift. */
export function ShiftFields(props: ShiftFieldsProps) {
  const { number, shift, mistakes, officers, onChange, onRemove } = props;
  const { names } = useDesk();
  const t = text().shifts;
  const id = (field: string): string => `shift-${number}-${field}`;
  const error = (mistake: Mistake): string | null =>
    mistakes.includes(mistake) ? t.wrong[mistake] : null;
  const write = (change: Partial<NewShift>) => onChange({ ...shift, ...change });
  // Who is in the plan and works here no longer can still be taken out.
  const usernames = [...new Set([...officers.map((each) => each.username), ...shift.officers])];
  const nameOf = (username: string): string => {
    const name = officers.find((each) => each.username === username)?.name;
    return name ? `${name} (${username})` : username;
  };
  return (
    <fieldset class="card shift">
      <legend>{shift.name || t.shift(number)}</legend>
      <Field id={id('name')} label={t.name} error={error('name')}>
        {(control) => (
          <input
            {...control}
            maxLength={60}
            value={shift.name}
            onInput={(event) => write({ name: event.currentTarget.value })}
          />
        )}
      </Field>
      <Checks
        id={id('weekdays')}
        legend={t.weekdays}
        error={error('weekdays')}
        chosen={shift.weekdays}
        onChange={(chosen) => write({ weekdays: WEEKDAYS.filter((day) => chosen.includes(day)) })}
        choices={WEEKDAYS.map((code) => ({ code, label: t.days[code] }))}
      />
      <div class="shift__times">
        {(['starts', 'ends'] as const).map((end) => (
          <Field key={end} id={id(end)} label={t[end]} error={error(end)}>
            {(control) => (
              <input
                {...control}
                type="time"
                value={shift[end]}
                onInput={(event) => write({ [end]: event.currentTarget.value })}
              />
            )}
          </Field>
        ))}
      </div>
      {endsNextDay(shift) && <p class="hint">{t.nextDay}</p>}
      <Checks
        id={id('officers')}
        legend={t.officers}
        hint={shift.officers.length === 0 ? t.noOfficers : undefined}
        chosen={shift.officers}
        onChange={(chosen) => write({ officers: chosen })}
        choices={usernames.map((code) => ({ code, label: nameOf(code) }))}
      />
      <details class="record" open={shift.categories.length + shift.districts.length > 0}>
        <summary>{t.forSome}</summary>
        <Checks
          id={id('categories')}
          legend={text().fields.categories}
          chosen={shift.categories}
          onChange={(categories) => write({ categories })}
          choices={(names.catalogue.value?.categories ?? []).map(({ code, label }) => ({ code, label }))}
        />
        <Checks
          id={id('districts')}
          legend={text().fields.districts}
          chosen={shift.districts}
          onChange={(districts) => write({ districts })}
          choices={(names.catalogue.value?.districts ?? [])
            .filter(({ code }) => code !== 'outside' && code !== 'unknown')
            .map(({ code, label }) => ({ code, label }))}
        />
      </details>
      <Button kind="quiet" onClick={onRemove}>
        {t.remove}
      </Button>
    </fieldset>
  );
}
