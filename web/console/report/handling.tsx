import { useEffect, useState } from 'preact/hooks';

import { Button } from '../../shared/components/Button.tsx';
import { listed } from '../../shared/joined.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import type { Colleague, Report, Urgency } from '../types.ts';
import { words } from '../words.ts';
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
    <label class="handling__field">
      {t.handling.assignee}
      <select
        class="field__control"
        value={assignee ?? ''}
        onChange={(event) => void open.change({ assignee: event.currentTarget.value || null })}
      >
        <option value="">{t.handling.nobody}</option>
        <option value={me.username}>{t.handling.me}</option>
        {!listed && <option value={assignee}>{names.officer(assignee)}</option>}
        {others.map(({ username, name }) => (
          <option key={username} value={username}>
            {name ? `${name} (${username})` : username}
          </option>
        ))}
      </select>
    </label>
  );
}

function UrgencyChoice({ open, report }: Props) {
  const t = reportTexts();
  return (
    <label class="handling__field">
      {t.handling.urgency}
      <select
        class="field__control"
        value={report.urgency}
        onChange={(event) => void open.change({ urgency: event.currentTarget.value as Urgency })}
      >
        {URGENCIES.map((code) => (
          <option key={code} value={code}>
            {words().urgency[code]}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Moving takes a second tap, since the report may leave the officer's scope. */
function Category({ open, report }: Props) {
  const t = reportTexts();
  const { names } = useDesk();
  const [wanted, setWanted] = useState(report.category);
  useEffect(() => setWanted(report.category), [report.category]);
  const categories = names.catalogue.value?.categories ?? [];
  return (
    <>
      <label class="handling__field">
        {t.handling.category}
        <select
          class="field__control"
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
        >
          {categories.map(({ code, label }) => (
            <option key={code} value={code}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {wanted !== report.category && (
        <>
          <p class="hint">{t.handling.categoryHint}</p>
          <Button onClick={() => void open.change({ category: wanted })}>
            {t.handling.move(names.category(wanted))}
          </Button>
        </>
      )}
    </>
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
