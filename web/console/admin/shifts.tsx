import { useState } from 'preact/hooks';
import { Button } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { language, sentences, useSaid } from '../../shared/language.ts';
import { useDesk } from '../desk.ts';
import { ok, useLoaded, Waiting } from '../parts/asking.tsx';
import { focusHeading } from '../parts/focus.ts';
import { isAdmin } from '../types.ts';
import { editable, type ShiftPlan } from './plan.ts';
import { PlanForm, ShiftList, Week } from './plan-form.tsx';
import { text } from './texts.ts';

/** The weekly plan of shifts, and the form in which an admin changes it. */
export function Shifts() {
  const { api, me } = useDesk();
  const { loaded, again } = useLoaded(
    () => ok(api.GET('/v1/officer/shifts')),
    `shifts ${language.value}`,
  );
  const [editing, setEditing] = useState<ShiftPlan | null>(null);
  const [done, setDone] = useSaid<string | null>(null);
  const finish = async () => {
    setEditing(null);
    setDone(text().shifts.saved);
    await again();
    focusHeading();
  };
  return (
    <>
      <Status kind="success">{done}</Status>
      {editing ? (
        <PlanForm plan={editing} onSaved={() => void finish()} onCancel={() => setEditing(null)} />
      ) : (
        <Waiting loaded={loaded} again={again}>
          {(plan) => (
            <>
              <p>
                {sentences(text().shifts.intro(plan.time_zone), text().shifts.what)}
              </p>
              <Week shifts={editable(plan)} unreachable={plan.unreachable} />
              <ShiftList plan={plan} />
              {isAdmin(me) ? (
                <Button kind="primary" onClick={() => setEditing(plan)}>
                  {text().shifts.edit}
                </Button>
              ) : (
                <p class="muted">{text().shifts.readOnly}</p>
              )}
            </>
          )}
        </Waiting>
      )}
    </>
  );
}
