import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { ReasonForm } from '../parts/reason-form.tsx';
import type { Report, Schemas } from '../types.ts';
import { Fact } from '../parts/fact.tsx';
import { reportTexts } from './texts.ts';

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
