import { useEffect } from 'preact/hooks';
import { listed } from '../../shared/joined.ts';
import { useDesk } from '../desk.ts';
import { clock } from '../moments.ts';
import { minutesOf, type NewShift, type ShiftPlan } from './plan.ts';
import { text } from './texts.ts';

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
