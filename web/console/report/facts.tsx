import { useDesk } from '../desk.ts';
import { clock } from '../moments.ts';
import { now } from '../now.ts';
import { Fact } from '../parts/fact.tsx';
import { pathTo } from '../router.ts';
import type { Report } from '../types.ts';
import { wordFor, words } from '../words.ts';
import { keptUntil } from './kept.ts';
import { reportTexts } from './texts.ts';
import { answerText } from './values.ts';

/** What the reporter wrote and answered, and what is known of the report itself. */
export function Facts({ report }: { report: Report }) {
  const t = reportTexts();
  return (
    <section class="card" aria-labelledby="facts">
      <h2 id="facts">{t.facts.title}</h2>
      {report.text === null ? (
        <p class="muted">{t.noText}</p>
      ) : (
        <p class="report__text">{report.text}</p>
      )}
      {report.answers && report.answers.length > 0 && (
        <>
          <h3>{t.facts.answers}</h3>
          <dl class="facts">
            {report.answers.map(({ name, label, value, value_label: text }) => (
              <Fact key={name} name={label}>
                {answerText(value, text)}
              </Fact>
            ))}
          </dl>
        </>
      )}
      <Circumstances report={report} />
    </section>
  );
}

function Circumstances({ report }: { report: Report }) {
  const t = reportTexts();
  const { names } = useDesk();
  const moments: [string, string | null][] = [
    [t.facts.received, report.received_at],
    [t.facts.occurred, report.occurred_at],
    [t.facts.acknowledged, report.acknowledged_at],
    [t.facts.closed, report.closed_at],
    [t.facts.reopened, report.reopened_at],
  ];
  const kept = keptUntil(report, now.value);
  const moved = report.first_category !== null && report.first_category !== report.category;
  return (
    <dl class="facts facts--small">
      {moments.map(
        ([name, time]) =>
          time !== null && (
            <Fact key={name} name={name}>
              <time dateTime={time}>{clock(time)}</time>
            </Fact>
          ),
      )}
      {kept !== null && (
        <Fact name={t.facts.kept}>
          <time dateTime={kept.until}>{clock(kept.until)}</time>{' '}
          {kept.isHeld && <span class="tag">{t.facts.byHold}</span>}
        </Fact>
      )}
      {moved && report.first_category && (
        <Fact name={t.facts.firstCategory}>{names.category(report.first_category)}</Fact>
      )}
      {report.source !== null && (
        <Fact name={t.facts.source}>{wordFor(words().source, report.source)}</Fact>
      )}
      {report.bulletin_id !== null && (
        <Fact name={t.facts.lead}>
          <a href={pathTo(`bulletins/${report.bulletin_id}`)}>{t.facts.bulletin}</a>
        </Fact>
      )}
    </dl>
  );
}
