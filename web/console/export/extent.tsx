/** Which reports an export of a list holds, in words: not always those that the list shows. */

import { listed } from '../../shared/joined.ts';
import { useDesk } from '../desk.ts';
import { Facts } from '../parts/fact.tsx';
import type { NotExported } from '../queue/filters.ts';
import { queueTexts } from '../queue/texts.ts';
import type { Schemas } from '../types.ts';
import { words } from '../words.ts';
import { exportTexts } from './texts.ts';

export interface ListExtent {
  filters: Schemas['ExportFilters'];
  /** Filters of the list that the export does not have. */
  wider: readonly NotExported[];
}

export function Extent({ extent: { filters, wider } }: { extent: ListExtent }) {
  const t = exportTexts();
  const q = queueTexts();
  const { me, names } = useDesk();
  const { category, status, district, assignee } = filters;
  const whose = assignee === me.username ? t.mine : assignee ? t.nobodys : t.every;
  const everyStatus = assignee && assignee !== me.username ? q.all : t.everyStatus;
  const facts: [string, string][] = [
    [q.category, category ? names.category(category) : t.every],
    [q.status, status ? words().status[status] : everyStatus],
    [q.district, district ? names.district(district) : t.every],
    [t.assignee, whose],
  ];
  return (
    <>
      <p>{t.extent}</p>
      <Facts rows={facts} />
      {wider.length > 0 && (
        <p>
          <strong>{t.wider(listed(wider.map((name) => q[name])))}</strong>
        </p>
      )}
      <p>{t.listHint}</p>
    </>
  );
}
