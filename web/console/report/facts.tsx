import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { clock } from '../../shared/time.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { Fact } from '../parts/fact.tsx';
import { now } from '../parts/moment.tsx';
import { ReasonForm } from '../parts/reason-form.tsx';
import { pathTo } from '../router.ts';
import type { Report, Schemas } from '../types.ts';
import { wordFor, words } from '../words.ts';
import { keptUntil } from './hold.tsx';
import { textKey } from './mask-passage.ts';
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
        <p class="report__text" data-text={textKey('text')}>
          {report.text}
        </p>
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
      {report.reported_as && (
        <>
          <Fact name={t.oversight.category}>{names.category(report.reported_as.category)}</Fact>
          <Fact name={t.oversight.district}>{names.district(report.reported_as.district)}</Fact>
          {report.reported_as.station && (
            <Fact name={t.oversight.station}>{names.station(report.reported_as.station)}</Fact>
          )}
        </>
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

/** The reporter's contact: hidden until an officer says why it is needed. */
export function Contact({ report }: { report: Report }) {
  const t = reportTexts();
  const { api } = useDesk();
  const [contact, setContact] = useState<Schemas['RevealedContact'] | null>(null);
  const [asking, setAsking] = useState(false);
  const close = () => setAsking(false);
  const reveal = async (reason: string) => {
    const outcome = await outcomeOf(
      api.POST('/v1/officer/reports/{report_id}/contact', {
        params: { path: { report_id: report.id } },
        body: { reason },
      }),
    );
    if (!outcome.ok) return outcome.failure;
    setContact(outcome.data);
    close();
    return null;
  };
  return (
    <section class="card no-print" aria-labelledby="contact">
      <h2 id="contact">{t.contact.title}</h2>
      {!report.has_contact && (
        <p class="muted">{report.status === 'withdrawn' ? t.contact.withdrawn : t.contact.none}</p>
      )}
      {report.has_contact && contact === null && (
        <>
          <p>{t.contact.has}</p>
          <Button onClick={() => setAsking(true)}>{t.contact.ask}</Button>
        </>
      )}
      <Dialog open={asking} title={t.contact.reveal} onClose={close}>
        <ReasonForm
          intro={t.contact.left}
          submitLabel={t.contact.reveal}
          submit={reveal}
          cancel={close}
        />
      </Dialog>
      <div role="status">{report.has_contact && contact && <Revealed contact={contact} />}</div>
    </section>
  );
}

function Revealed({ contact: { name, phone, email } }: { contact: Schemas['RevealedContact'] }) {
  const t = reportTexts();
  return (
    <dl class="facts">
      {name !== null && <Fact name={t.contact.name}>{name}</Fact>}
      {phone !== null && (
        <Fact name={t.contact.phone}>
          <a href={`tel:${phone}`}>{phone}</a>
        </Fact>
      )}
      {email !== null && <Fact name={t.contact.email}>{email}</Fact>}
    </dl>
  );
}
