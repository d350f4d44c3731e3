import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Form, TextField } from '../../shared/components/field.tsx';
import { clock } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { ok, Refusal, useStep } from '../parts/asking.tsx';
import { pathTo } from '../router.ts';
import type { Schemas } from '../types.ts';
import { words } from '../words.ts';
import { text } from './texts.ts';

type Page = Schemas['ClosingPage'];

/** What one officer has closed on a day, for supervisors. */
export function Closings() {
  const { api } = useDesk();
  const [officer, setOfficer] = useState('');
  const [day, setDay] = useState(new Date().toISOString().slice(0, 10));
  const [page, setPage] = useState<Page | null>(null);
  const step = useStep();
  const read = (before: Page | null) =>
    step.run(async () => {
      const cursor = before?.next_cursor;
      const query = { officer: officer.trim(), day, ...(cursor && { cursor }) };
      const next = await ok(api.GET('/v1/officer/closings', { params: { query } }));
      setPage({ ...next, items: [...(before?.items ?? []), ...next.items] });
    });
  return (
    <section class="card" aria-labelledby="closings">
      <h2 id="closings">{text().closingsTitle}</h2>
      <p>{text().closingsWhat}</p>
      <Form class="row" onSubmit={() => void read(null)}>
        <TextField
          id="closings-officer"
          label={text().closingsOfficer}
          error={null}
          autocomplete="off"
          value={officer}
          onValue={setOfficer}
        />
        <TextField
          id="closings-day"
          label={text().closingsDay}
          error={null}
          type="date"
          value={day}
          onValue={setDay}
        />
        <Button type="submit" busy={step.busy}>
          {text().show}
        </Button>
      </Form>
      <Refusal failure={step.failure} />
      {page && <Closed page={page} />}
      {page?.next_cursor && (
        <Button busy={step.busy} onClick={() => void read(page)}>
          {text().closingsMore}
        </Button>
      )}
    </section>
  );
}

function Closed({ page }: { page: Page }) {
  const { names } = useDesk();
  return (
    <>
      <p role="status">{text().closingsFound(page.items.length, page.next_cursor !== null)}</p>
      <ol class="handover__list">
        {page.items.map(({ id, at, reference, category, disposition, awaits }) => (
          <li key={`${at} ${id}`}>
            <a href={pathTo(`reports/${id}`)}>{reference}</a>{' '}
            {[
              clock(at),
              names.category(category),
              words().disposition[disposition],
              awaits ? text().closingsAwaits : '',
            ]
              .filter(Boolean)
              .join(' · ')}
          </li>
        ))}
      </ol>
    </>
  );
}
