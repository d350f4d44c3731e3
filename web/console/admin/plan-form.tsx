import { useEffect, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Checks } from '../../shared/components/choices.tsx';
import { ErrorSummary } from '../../shared/components/error-summary.tsx';
import { Form, TextField } from '../../shared/components/field.tsx';
import { labelled, listed } from '../../shared/language.ts';
import { clock } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { ok, Refusal, useLoaded, useStep, Waiting } from '../parts/asking.tsx';
import { ChangedSince } from '../parts/changed-since.tsx';
import { FormEnd } from '../parts/form-end.tsx';
import {
  byDay,
  DAY_MINUTES,
  editable,
  gaps,
  type Interval,
  minutesOf,
  type Mistake,
  mistakes,
  moment,
  type NewShift,
  type ShiftPlan,
  turns,
  WEEKDAYS,
} from './plan.ts';
import type { Officer } from './row.ts';
import { text } from './texts.ts';

const NEW: NewShift = {
  name: '',
  weekdays: [],
  starts: '08:00',
  ends: '20:00',
  officers: [],
  categories: [],
  districts: [],
};

export interface PlanFormProps {
  plan: ShiftPlan;
  onSaved: () => void;
  onCancel: () => void;
}

/** The whole plan as a form. It is saved in place of the plan that was read, and of no other. */
export function PlanForm({ plan, onSaved, onCancel }: PlanFormProps) {
  const { api } = useDesk();
  const [base, setBase] = useState(plan);
  const [shifts, setShifts] = useState<NewShift[]>(() => editable(plan));
  const [isChecked, setChecked] = useState(false);
  const people = useLoaded(() => ok(api.GET('/v1/admin/officers')), 'officers');
  const step = useStep();
  const t = text().shifts;
  const errors = isChecked ? errorsOf(shifts) : [];
  const isStale = base.version !== plan.version;
  const save = () =>
    step.run(
      async () => {
        const params = { header: { 'If-Match': `"${base.version}"` } };
        await ok(api.PUT('/v1/admin/shifts', { params, body: { shifts } }));
        onSaved();
      },
      async (failure) => {
        if (failure.status !== 412) return false;
        setBase(await ok(api.GET('/v1/officer/shifts')));
        return true;
      },
    );
  const submit = () => {
    setChecked(true);
    if (errorsOf(shifts).length === 0) void save();
  };
  const replace = (index: number, shift: NewShift) =>
    setShifts(shifts.map((each, at) => (at === index ? shift : each)));
  return (
    <Form onSubmit={submit}>
      <p>{t.intro(base.time_zone)}</p>
      {isStale && (
        <ChangedSince intro={t.stale(base.version)}>
          <ShiftList plan={base} />
          <Button
            onClick={() => {
              setShifts(editable(base));
            }}
          >
            {t.takeTheirs}
          </Button>
        </ChangedSince>
      )}
      <ErrorSummary errors={errors} />
      <Week shifts={shifts} unreachable={base.unreachable} />
      <Waiting loaded={people.loaded} again={people.again}>
        {({ items }) => (
          <>
            {shifts.map((shift, index) => (
              <ShiftFields
                key={index}
                number={index + 1}
                shift={shift}
                mistakes={isChecked ? mistakes(shift) : []}
                officers={items.filter(
                  (each) => each.active && each.roles.some((role) => role !== 'admin' && role !== 'system'),
                )}
                onChange={(changed) => replace(index, changed)}
                onRemove={() => setShifts(shifts.filter((_, at) => at !== index))}
              />
            ))}
          </>
        )}
      </Waiting>
      {shifts.length === 0 && <p>{t.empty}</p>}
      <Refusal failure={step.failure} />
      <FormEnd
        submit={isStale ? t.overwrite(base.version) : t.savePlan}
        busy={step.busy}
        onCancel={onCancel}
        isApart
      >
        <Button onClick={() => setShifts([...shifts, NEW])}>{t.add}</Button>
      </FormEnd>
    </Form>
  );
}

function errorsOf(shifts: readonly NewShift[]): { field: string; text: string }[] {
  const t = text().shifts;
  return shifts.flatMap((shift, index) =>
    mistakes(shift).map((mistake) => ({
      field: `shift-${index + 1}-${mistake}`,
      text: labelled(t.shift(index + 1), t.wrong[mistake]),
    })),
  );
}

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
      <TextField
        id={id('name')}
        label={t.name}
        error={error('name')}
        maxLength={60}
        value={shift.name}
        onValue={(name) => write({ name })}
      />
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
          <TextField
            key={end}
            id={id(end)}
            label={t[end]}
            error={error(end)}
            type="time"
            value={shift[end]}
            onValue={(value) => write({ [end]: value })}
          />
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

/** The shifts of a plan in words. */
export function ShiftList({ plan }: { plan: ShiftPlan }) {
  const { names } = useDesk();
  const t = text().shifts;
  useEffect(() => {
    void names.meet(plan.shifts.flatMap((shift) => shift.officers));
  }, [names, plan]);
  const called = (usernames: readonly string[]) =>
    listed(usernames.map((username) => names.officer(username)));
  if (plan.shifts.length === 0) return <p>{t.empty}</p>;
  return (
    <>
      <ul class="rows">
        {plan.shifts.map((shift, index) => (
          <li class="rows__one" key={index}>
            <strong>{shift.name}</strong>
            <p class="rows__facts">
              <span>{whenInWords(shift)}</span>
              {shift.on_duty_until && (
                <span class="state state--good">{t.onDuty(clock(shift.on_duty_until))}</span>
              )}
              <span>{called(shift.officers) || t.noOfficers}</span>
              {shift.categories.length > 0 && (
                <span>{listed(shift.categories.map((code) => names.category(code)))}</span>
              )}
              {shift.districts.length > 0 && (
                <span>{listed(shift.districts.map((code) => names.district(code)))}</span>
              )}
            </p>
          </li>
        ))}
      </ul>
      {plan.unreachable.length > 0 && <p>{t.unreachable(called(plan.unreachable))}</p>}
    </>
  );
}

/** Return when a shift is, such as `Fri, Sat 20:00–08:00`. */
export function whenInWords(shift: Pick<NewShift, 'weekdays' | 'starts' | 'ends'>): string {
  const t = text().shifts;
  const days = listed(shift.weekdays.map((weekday) => t.days[weekday]));
  return `${days} ${shift.starts}–${shift.ends}${endsNextDay(shift) ? ` (+1)` : ''}`;
}

export function endsNextDay(shift: Pick<NewShift, 'starts' | 'ends'>): boolean {
  const starts = minutesOf(shift.starts);
  const ends = minutesOf(shift.ends);
  return starts !== null && ends !== null && ends <= starts;
}

const LANE = 22;
const HOURS = [0, 6, 12, 18, 24];

/** A week of the plan as a picture, and in words when nobody is on duty. */
export function Week({
  shifts,
  unreachable,
}: {
  shifts: readonly NewShift[];
  unreachable: readonly string[];
}) {
  const t = text().shifts;
  if (shifts.length === 0) return null;
  const open = gaps(shifts, unreachable);
  return (
    <section class="card" aria-labelledby="week">
      <h2 id="week">{t.week}</h2>
      <div aria-hidden="true">
        <div class="week__hours">
          {HOURS.map((hour) => (
            <span key={hour}>{hour}</span>
          ))}
        </div>
        {WEEKDAYS.map((weekday, day) => (
          <div class="week__day" key={weekday}>
            <span>{t.days[weekday]}</span>
            <Day day={day} shifts={shifts} open={open} />
          </div>
        ))}
      </div>
      {open.length === 0 ? (
        <p>{t.noGaps}</p>
      ) : (
        <>
          <p>
            <strong>{t.gaps}</strong>
          </p>
          <ul class="week__gaps">
            {open.map((gap) => (
              <li key={gap.start}>{inWords(gap)}</li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

interface DayProps {
  day: number;
  shifts: readonly NewShift[];
  open: readonly Interval[];
}

/** The shifts of a day, one below the other, and hatched below them when nobody is on duty. */
function Day({ day, shifts, open }: DayProps) {
  const height = shifts.length * LANE + 8;
  return (
    <svg class="week__picture" width="100%" height={height} focusable="false">
      <pattern id={`hatch-${day}`} width="8" height="8" patternUnits="userSpaceOnUse">
        <path class="week__hatch" d="M0 8L8 0" />
      </pattern>
      {open.flatMap(byDay).filter((part) => part.day === day).map((part) => (
        <rect
          key={`gap-${part.from}`}
          class="week__gap"
          fill={`url(#hatch-${day})`}
          x={percent(part.from)}
          width={percent(part.to - part.from)}
          y="0"
          height={height}
        />
      ))}
      {shifts.flatMap((shift, lane) =>
        turns(shift).flatMap(byDay).filter((part) => part.day === day).map((part) => (
          <svg
            key={`${lane}-${part.from}`}
            x={percent(part.from)}
            width={percent(part.to - part.from)}
            y={lane * LANE + 4}
            height={LANE - 2}
          >
            <rect class={shift.officers.length ? 'week__shift' : 'week__shift week__shift--empty'} width="100%" height="100%" rx="3" />
            <text class={shift.officers.length ? 'week__name' : 'week__name week__name--empty'} x="4" y={LANE - 8}>
              {shift.name}
            </text>
          </svg>
        )),
      )}
    </svg>
  );
}

function percent(minutes: number): string {
  return `${(100 * minutes) / DAY_MINUTES}%`;
}

function inWords(gap: Interval): string {
  const t = text().shifts;
  const from = moment(gap.start);
  const to = moment(gap.end);
  return `${t.days[from.weekday]} ${from.time} – ${t.days[to.weekday]} ${to.time}`;
}
