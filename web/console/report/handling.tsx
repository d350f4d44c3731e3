import type { ComponentChildren } from 'preact';
import { useEffect, useId, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { listed } from '../../shared/language.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import type { Colleague, Urgency } from '../types.ts';
import { words } from '../words.ts';
import type { OfReport } from './open-report.ts';
import { reportTexts } from './texts.ts';
import './change-field.css';

const URGENCIES = ['critical', 'high', 'normal', 'low'] as const;

/** Who handles it, how urgent it is, and whose it is by its category. */
export function Handling({ open, report }: OfReport) {
  const t = reportTexts();
  return (
    <section class="card handling" aria-labelledby="handling">
      <h2 id="handling">{t.handling.title}</h2>
      {report.status !== 'withdrawn' && (
        <>
          <Assignee open={open} report={report} />
          <UrgencyChoice open={open} report={report} />
          <Category open={open} report={report} />
        </>
      )}
      <Followers open={open} report={report} />
    </section>
  );
}

function Assignee({ open, report }: OfReport) {
  const t = reportTexts();
  const { names, me } = useDesk();
  const [colleagues, setColleagues] = useState<Colleague[]>([]);
  const { category, district, assignee } = report;
  useEffect(() => {
    void names.colleagues(category, district).then(setColleagues);
  }, [names, category, district]);
  const others = colleagues.filter(({ username }) => username !== me.username);
  const listed = assignee === null || [me.username, ...others.map((one) => one.username)].includes(assignee);
  return (
    <ChangeField
      label={t.handling.assignee}
      value={assignee ?? ''}
      choices={[
        { code: '', label: t.handling.nobody },
        { code: me.username, label: t.handling.me },
        ...(listed ? [] : [{ code: assignee, label: names.officer(assignee) }]),
        ...others.map(({ username, name }) => ({
          code: username,
          label: name ? `${name} (${username})` : username,
        })),
      ]}
      submit={({ code, label }) => t.handling.assign(code === '' ? '' : label)}
      hint={() => null}
      change={(code) => open.change({ assignee: code || null })}
    />
  );
}

function UrgencyChoice({ open, report }: OfReport) {
  const t = reportTexts();
  const isLower = (code: string) =>
    URGENCIES.indexOf(code as Urgency) > URGENCIES.indexOf(report.urgency);
  return (
    <ChangeField
      label={t.handling.urgency}
      value={report.urgency}
      choices={URGENCIES.map((code) => ({ code, label: words().urgency[code] }))}
      submit={({ label }) => t.handling.urge(label)}
      hint={(code) =>
        isLower(code) && t.handling.lower(words().urgency[report.urgency])
      }
      change={(code) => open.change({ urgency: code as Urgency })}
    />
  );
}

/** The report may leave the officer's scope with it. */
function Category({ open, report }: OfReport) {
  const t = reportTexts();
  const { names } = useDesk();
  return (
    <ChangeField
      label={t.handling.category}
      value={report.category}
      choices={names.catalogue.value?.categories ?? []}
      submit={({ label }) => t.handling.move(label)}
      hint={() => t.handling.categoryHint}
      change={(code) => open.change({ category: code })}
    />
  );
}

function Followers({ open, report }: OfReport) {
  const t = reportTexts();
  const { api, me, names } = useDesk();
  const { followers } = report;
  const follows = followers.includes(me.username);
  const toggle = async () => {
    const params = { path: { report_id: report.id } };
    const path = '/v1/officer/reports/{report_id}/follow' as const;
    const outcome = await outcomeOf<unknown>(
      follows ? api.DELETE(path, { params }) : api.POST(path, { params }),
    );
    if (!outcome.ok) {
      open.problem.value = outcome.failure.text;
      return;
    }
    const others = followers.filter((username) => username !== me.username);
    open.merge({ followers: follows ? others : [...others, me.username] });
  };
  return (
    <div class="handling__follow">
      <p class="hint">
        {followers.length > 0 ? t.handling.followers(listed(followers.map((each) => names.officer(each)))) : t.handling.none}
      </p>
      <Button aria-pressed={follows} onClick={() => void toggle()}>
        {follows ? t.handling.unfollow : t.handling.follow}
      </Button>
    </div>
  );
}

export interface ChangeChoice {
  code: string;
  label: string;
}

interface ChangeFieldProps {
  label: string;
  /** What the report has now. */
  value: string;
  choices: readonly ChangeChoice[];
  /** What the button is called for what is chosen. */
  submit: (chosen: ChangeChoice) => string;
  /** What has to be thought of before. */
  hint: (chosen: string) => ComponentChildren;
  /** Change it; returns whether that is done. */
  change: (chosen: string) => Promise<boolean>;
}

/** A choice that a button settles: to move through a list changes nothing. */
export function ChangeField(props: ChangeFieldProps) {
  const { label, value, choices, submit, hint, change } = props;
  const id = useId();
  const [wanted, setWanted] = useState(value);
  useEffect(() => setWanted(value), [value]);
  const chosen = choices.find(({ code }) => code === wanted);
  const said = wanted === value ? null : hint(wanted);
  return (
    <div class="change-field">
      <label class="change-field__label" for={id}>
        {label}
      </label>
      <select
        id={id}
        class="field__control"
        value={wanted}
        onChange={(event) => setWanted(event.currentTarget.value)}
      >
        {choices.map(({ code, label: text }) => (
          <option key={code} value={code}>
            {text}
          </option>
        ))}
      </select>
      {wanted !== value && chosen && (
        <>
          {said && (
            <p class="hint" id={`${id}-hint`}>
              {said}
            </p>
          )}
          <Button
            aria-describedby={said ? `${id}-hint` : undefined}
            onClick={() => change(wanted)}
          >
            {submit(chosen)}
          </Button>
        </>
      )}
    </div>
  );
}
