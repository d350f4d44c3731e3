import { useState } from 'preact/hooks';
import { Button } from '../../shared/components/button.tsx';
import { useDesk } from '../desk.ts';
import { clock } from '../moments.ts';
import { ok, useStep } from '../parts/asking.ts';
import { Refusal } from '../parts/refusal.tsx';
import { pathTo } from '../router.ts';
import type { Api, ListedReport } from '../types.ts';
import { wordFor, words } from '../words.ts';
import type { Bulletin } from './changes.ts';
import { text } from './texts.ts';

/** The reports that residents sent about this bulletin. To list them is on record, so it is asked for. */
export function Leads({ api, bulletin }: { api: Api; bulletin: Bulletin }) {
  const { names } = useDesk();
  const [leads, setLeads] = useState<ListedReport[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const step = useStep();
  const show = () =>
    step.run(async () => {
      const query = { bulletin_id: bulletin.id, ...(cursor ? { cursor } : {}) };
      const page = await ok(api.GET('/v1/officer/reports', { params: { query } }));
      setLeads([...(leads ?? []), ...page.items]);
      setCursor(page.next_cursor);
    });
  return (
    <section aria-labelledby="leads">
      <h2 id="leads">{text().leads(bulletin.leads)}</h2>
      {leads && (
        <ul class="rows">
          {leads.map((lead) => (
            <li class="rows__one" key={lead.id}>
              <a class="rows__title" href={pathTo(`reports/${lead.id}`)}>
                {lead.reference}
              </a>
              <p class="rows__facts">
                <span>{wordFor(words().status, lead.status)}</span>
                <span>{names.category(lead.category)}</span>
                <span>{names.district(lead.district)}</span>
                <span>{clock(lead.received_at)}</span>
              </p>
            </li>
          ))}
        </ul>
      )}
      {bulletin.leads > 0 && (leads === null || cursor !== null) && (
        <Button busy={step.busy} onClick={() => void show()}>
          {leads === null ? text().showLeads : text().more}
        </Button>
      )}
      <Refusal failure={step.failure} />
    </section>
  );
}
