import { useState } from 'preact/hooks';
import { ErrorSummary } from '../../shared/components/error-summary.tsx';
import { Form, TextField } from '../../shared/components/field.tsx';
import { useDesk } from '../desk.ts';
import { ok, Refusal, useStep } from '../parts/asking.tsx';
import { FormEnd } from '../parts/form-end.tsx';
import { Checks, Radios } from '../../shared/components/choices.tsx';
import { labelled, sentences } from '../../shared/language.ts';
import {
  type Appointment,
  asAppointment,
  isMachine,
  mistakesIn,
  type Officer,
  type RowMistake,
  withRoles,
} from './row.ts';
import { words } from '../words.ts';
import { text } from './texts.ts';

const ROLES = ['officer', 'supervisor', 'admin', 'auditor', 'oversight', 'system'] as const;
const ALL = '*';
const NOBODY: Appointment = {
  name: null,
  active: true,
  roles: ['officer'],
  categories: [ALL],
  districts: [ALL],
  email: null,
  phone: null,
};

export interface RowFormProps {
  /** Null for a new one. */
  officer: Officer | null;
  onDone: (message: string, username: string) => void;
  onCancel: () => void;
}

/** The whole row of an officer, to be proposed. */
export function RowForm({ officer, onDone, onCancel }: RowFormProps) {
  const { api, names } = useDesk();
  const catalogue = names.catalogue.value;
  const [username, setUsername] = useState(officer?.username ?? '');
  const [row, setRow] = useState<Appointment>(() => beginning(officer));
  const [tried, setTried] = useState<readonly RowMistake[]>([]);
  const step = useStep();
  const write = (change: Partial<Appointment>) => setRow({ ...row, ...change });
  const t = text().officers;
  const found = mistakesIn(username, row);
  // What is put right is gone at once; what is new is said with the next try.
  const mistakes = found.filter((mistake) => tried.includes(mistake));
  const error = (mistake: RowMistake) => (mistakes.includes(mistake) ? t.wrong[mistake] : null);
  const submit = () => {
    setTried(found);
    if (found.length > 0) return;
    void step.run(async () => {
      const params = { path: { username } };
      const changed = await ok(api.PUT('/v1/admin/officers/{username}', { params, body: row }));
      onDone(changed.proposal ? t.proposed : t.unchanged, username);
    });
  };
  return (
    <Form class="card narrow" onSubmit={submit} aria-labelledby="row-form">
      <h2 id="row-form">{officer ? t.changeTitle(officer.name || officer.username) : t.newTitle}</h2>
      <p>
        {sentences(t.two, officer?.proposal ? t.replaces : '')}
      </p>
      <ErrorSummary errors={mistakes.map((field) => ({ field, text: t.wrong[field] }))} />
      {officer === null && (
        <TextField
          id="username"
          label={text().fields.username}
          hint={t.usernameHint}
          error={error('username')}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          value={username}
          onValue={setUsername}
        />
      )}
      <TextField
        id="name"
        label={text().fields.name}
        maxLength={100}
        value={row.name ?? ''}
        onValue={(value) => write({ name: value || null })}
      />
      <Checks
        id="roles"
        legend={text().fields.roles}
        error={error('roles')}
        chosen={row.roles}
        onChange={(roles) => write(withRoles(row, roles))}
        choices={ROLES.map((code) => ({
          code,
          label: words().roles[code],
          hint: text().roleHints[code],
        }))}
      />
      <Scope
        id="categories"
        legend={text().fields.categories}
        error={error('categories')}
        chosen={row.categories}
        onChange={(categories) => write({ categories })}
        all={catalogue?.categories ?? []}
      />
      <Scope
        id="districts"
        legend={text().fields.districts}
        error={error('districts')}
        chosen={row.districts}
        onChange={(districts) => write({ districts })}
        all={(catalogue?.districts ?? []).filter(
          ({ code }) => code !== 'outside' && code !== 'unknown',
        )}
      />
      {!isMachine(row) && (
        <>
          <TextField
            id="email"
            label={text().fields.email}
            hint={t.addressHint}
            error={error('email')}
            type="email"
            autocomplete="off"
            value={row.email ?? ''}
            onValue={(value) => write({ email: value || null })}
          />
          <TextField
            id="phone"
            label={text().fields.phone}
            hint={t.phoneHint}
            error={error('phone')}
            optional
            type="tel"
            autocomplete="off"
            value={row.phone ?? ''}
            onValue={(value) => write({ phone: value || null })}
          />
        </>
      )}
      <Refusal failure={step.failure} />
      <FormEnd submit={t.propose} busy={step.busy} onCancel={onCancel} />
    </Form>
  );
}

interface ScopeProps {
  id: string;
  legend: string;
  error: string | null;
  chosen: readonly string[];
  onChange: (codes: string[]) => void;
  all: readonly { code: string; label: string }[];
}

/** All, now and later, or some by name. */
function Scope({ id, legend, error, chosen, onChange, all }: ScopeProps) {
  const isAll = chosen.includes(ALL);
  return (
    <>
      <Radios
        id={id}
        legend={legend}
        error={error}
        chosen={isAll ? 'all' : 'some'}
        onChange={(which) => onChange(which === 'all' ? [ALL] : [])}
        choices={[
          { code: 'all', label: text().officers.everything },
          { code: 'some', label: text().officers.some },
        ]}
      />
      {!isAll && (
        <Checks
          id={`${id}-some`}
          legend={labelled(legend, text().officers.some)}
          chosen={[...chosen]}
          onChange={onChange}
          choices={all.map(({ code, label }) => ({ code, label }))}
        />
      )}
    </>
  );
}

/** Return the row that the form begins with: the present one, active, or what is proposed for nobody yet. */
function beginning(officer: Officer | null): Appointment {
  if (officer === null) return NOBODY;
  const isNew = officer.roles.length === 0 && officer.proposal !== null;
  return { ...asAppointment(isNew ? (officer.proposal?.row ?? officer) : officer), active: true };
}
