import { useEffect, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { listed } from '../../shared/joined.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import type { Colleague, Report, Urgency } from '../types.ts';
import { words } from '../words.ts';
import { ChangeField } from './change-field.tsx';
import type { OpenReport } from './open-report.ts';
import { reportTexts } from './texts.ts';

const URGENCIES = ['critical', 'high', 'normal', 'low'] as const;

/** Who handles it, how urgent it is, and whose it is by its category. */
export function Handling({ open, report }: { open: OpenReport; report: Report }) {
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

interface Props {
  open: OpenReport;
  report: Report;
}

function Assignee({ open, report }: Props) {
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

function UrgencyChoice({ open, report }: Props) {
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
function Category({ open, report }: Props) {
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

function Followers({ open, report }: Props) {
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
