import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { useSaid } from '../../shared/language.ts';
import { clock } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { ok, useLoaded, Waiting } from '../parts/asking.tsx';
import { Back } from '../parts/back.tsx';
import { Facts } from '../parts/fact.tsx';
import { focusHeading } from '../parts/focus.ts';
import { Sure } from '../parts/sure.tsx';
import { go, officerPath, OFFICERS, pathTo } from '../router.ts';
import { rolesInWords, scopeInWords } from './officer-list.tsx';
import { Proposal } from './proposal.tsx';
import { RowForm } from './row-form.tsx';
import { asAppointment, isMachine, isOnlyProposed, type Officer } from './row.ts';
import { text } from './texts.ts';

/** One officer: what is proposed, the row as it is, and the steps that this admin may take. */
export function OpenedOfficer({ username }: { username: string }) {
  const { api, me } = useDesk();
  const params = { path: { username } };
  const { loaded, again } = useLoaded(
    () => ok(api.GET('/v1/admin/officers/{username}', { params })),
    username,
  );
  const [isChanging, setChanging] = useState(false);
  const [done, setDone] = useSaid<string | null>(null);
  const finish = async (message: string) => {
    setChanging(false);
    setDone(message);
    await again();
    focusHeading();
  };
  const isOwn = username === me.username;
  return (
    <>
      <Back to={`admin/${OFFICERS}`}>{text().officers.back}</Back>
      <Waiting loaded={loaded} again={again}>
        {(officer) => (
          <>
            <h2>{officer.name || officer.proposal?.row.name || officer.username}</h2>
            <Status kind="success">{done}</Status>
            {officer.proposal && (
              <Proposal
                officer={officer}
                again={again}
                onDone={(message) => void finish(message)}
              />
            )}
            {!isOnlyProposed(officer) && <Now officer={officer} />}
            {isOwn && <p>{text().officers.ownRow}</p>}
            {!isOwn && !isChanging && (
              <Steps
                officer={officer}
                onChange={() => setChanging(true)}
                onDone={(message) => void finish(message)}
              />
            )}
            {isChanging && (
              <RowForm
                officer={officer}
                onDone={(message) => void finish(message)}
                onCancel={() => setChanging(false)}
              />
            )}
            {!isOwn && !isMachine(officer) && (
              <details class="record">
                <summary>{text().officers.reset}</summary>
                <p>{text().officers.resetWhy}</p>
              </details>
            )}
          </>
        )}
      </Waiting>
    </>
  );
}

function Now({ officer }: { officer: Officer }) {
  const { names } = useDesk();
  const t = text().fields;
  const facts: [string, string][] = [
    [t.username, officer.username],
    [t.active, officer.active ? text().isActive : text().isInactive],
    [t.roles, rolesInWords(officer)],
    [t.categories, scopeInWords(officer.categories, (code) => names.category(code))],
    [t.districts, scopeInWords(officer.districts, (code) => names.district(code))],
  ];
  if (!isMachine(officer)) {
    facts.push([t.email, officer.email ?? text().none], [t.phone, officer.phone ?? text().none]);
  }
  return (
    <section class="card" aria-labelledby="row">
      <h3 id="row">{text().officers.row}</h3>
      <Facts rows={facts} />
      {officer.approves_from && !isMachine(officer) && (
        <p>{text().officers.approvesFrom(clock(officer.approves_from))}</p>
      )}
    </section>
  );
}

interface StepsProps {
  officer: Officer;
  onChange: () => void;
  onDone: (message: string) => void;
}

function Steps({ officer, onChange, onDone }: StepsProps) {
  const { api } = useDesk();
  const t = text().officers;
  const deactivate = async () => {
    const params = { path: { username: officer.username } };
    const body = { ...asAppointment(officer), active: false };
    await ok(api.PUT('/v1/admin/officers/{username}', { params, body }));
    onDone(t.deactivated);
  };
  const why = t.deactivateWhy(officer.name || officer.username);
  return (
    <div class="row steps">
      <Button onClick={onChange}>{officer.active || isOnlyProposed(officer) ? t.change : t.reactivate}</Button>
      {officer.active && <Sure kind="danger" title={t.deactivate} why={why} act={deactivate} />}
    </div>
  );
}

/** A new officer, to be proposed. Afterwards the proposal is shown. */
export function NewOfficer() {
  return (
    <>
      <Back to={`admin/${OFFICERS}`}>{text().officers.back}</Back>
      <RowForm
        officer={null}
        onDone={(_, username) => go(officerPath(username), { replace: true })}
        onCancel={() => go(pathTo(`admin/${OFFICERS}`))}
      />
    </>
  );
}
