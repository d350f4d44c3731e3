import { useState } from 'preact/hooks';
import { Button } from '../../shared/components/button.tsx';
import { ErrorSummary } from '../../shared/components/error-summary.tsx';
import { labelled } from '../../shared/joined.ts';
import { ok, useLoaded, useStep } from '../parts/asking.ts';
import { ChangedSince } from '../parts/changed-since.tsx';
import { Refusal } from '../parts/refusal.tsx';
import { Waiting } from '../parts/waiting.tsx';
import type { Api } from '../types.ts';
import { editable, mistakes, type NewShift, type ShiftPlan } from './plan.ts';
import { ShiftFields } from './shift-fields.tsx';
import { ShiftList } from './shift-list.tsx';
import { text } from './texts.ts';
import { Week } from './week.tsx';

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
  api: Api;
  plan: ShiftPlan;
  onSaved: () => void;
  onCancel: () => void;
}

/** The whole plan as a form. It is saved in place of the plan that was read, and of no other. */
export function PlanForm({ api, plan, onSaved, onCancel }: PlanFormProps) {
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
  const submit = (event: Event) => {
    event.preventDefault();
    setChecked(true);
    if (errorsOf(shifts).length === 0) void save();
  };
  const replace = (index: number, shift: NewShift) =>
    setShifts(shifts.map((each, at) => (at === index ? shift : each)));
  return (
    <form onSubmit={submit} noValidate>
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
                  (each) => each.active && each.roles.some((role) => role !== 'admin'),
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
      <div class="row steps">
        <Button onClick={() => setShifts([...shifts, NEW])}>{t.add}</Button>
        <Button kind="primary" type="submit" busy={step.busy}>
          {isStale ? t.overwrite(base.version) : t.savePlan}
        </Button>
        <Button onClick={onCancel}>{text().cancel}</Button>
      </div>
    </form>
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
