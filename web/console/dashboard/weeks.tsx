import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Form, TextField } from '../../shared/components/field.tsx';
import { day } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { ok } from '../parts/asking.tsx';
import { Paged, usePages } from '../parts/lists.tsx';
import type { Schemas } from '../types.ts';
import { text } from './texts.ts';

type Page = Schemas['WeekNumbers'];
type Number = keyof ReturnType<typeof text>['weeksNumbers'];

/** How often each officer did what in a week, for supervisors. */
export function Weeks() {
  const { api } = useDesk();
  const [week, setWeek] = useState(new Date().toISOString().slice(0, 10));
  const pages = usePages((cursor) =>
    ok(api.GET('/v1/officer/numbers', { params: { query: { week, ...cursor } } })),
  );
  return (
    <section class="card" aria-labelledby="weeks">
      <h2 id="weeks">{text().weeksTitle}</h2>
      <p>{text().weeksWhat}</p>
      <Form class="row" onSubmit={() => void pages.read(null)}>
        <TextField
          id="weeks-day"
          label={text().weeksDay}
          type="date"
          value={week}
          onValue={setWeek}
        />
        <Button type="submit" busy={pages.step.busy}>
          {text().show}
        </Button>
      </Form>
      <Paged pages={pages} more={text().weeksMore}>
        {(page) => <Numbers page={page} />}
      </Paged>
    </section>
  );
}

function Numbers({ page: { begins_at, items } }: { page: Page }) {
  const t = text();
  if (items.length === 0) return <p role="status">{t.weeksNone}</p>;
  const numbers = Object.entries(t.weeksNumbers) as [Number, string][];
  return (
    <div class="weeks" tabIndex={0} role="region" aria-labelledby="weeks">
      <table>
        <caption>{t.weeksFrom(day(begins_at))}</caption>
        <thead>
          <tr>
            <th scope="col">{t.weeksOfficer}</th>
            {numbers.map(([name, label]) => (
              <th key={name} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((each) => (
            <tr key={each.username}>
              <th scope="row">{each.name || each.username}</th>
              {numbers.map(([name]) => (
                <td key={name}>{each[name]}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
