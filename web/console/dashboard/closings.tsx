import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Form, TextField } from '../../shared/components/field.tsx';
import { clock } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { ok } from '../parts/asking.tsx';
import { Paged, usePages } from '../parts/lists.tsx';
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
  const pages = usePages((cursor) => {
    const query = { officer: officer.trim(), day, ...cursor };
    return ok(api.GET('/v1/officer/closings', { params: { query } }));
  });
  return (
    <section class="card" aria-labelledby="closings">
      <h2 id="closings">{text().closingsTitle}</h2>
      <p>{text().closingsWhat}</p>
      <Form class="row" onSubmit={() => void pages.read(null)}>
        <TextField
          id="closings-officer"
          label={text().closingsOfficer}
          autocomplete="off"
          value={officer}
          onValue={setOfficer}
        />
        <TextField
          id="closings-day"
          label={text().closingsDay}
          type="date"
          value={day}
          onValue={setDay}
        />
        <Button type="submit" busy={pages.step.busy}>
          {text().show}
        </Button>
      </Form>
      <Paged pages={pages} more={text().closingsMore}>
        {(page) => <Closed page={page} />}
      </Paged>
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
