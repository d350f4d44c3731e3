import { language } from '../../shared/language.ts';
import { clock } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { ok, useLoaded, Waiting } from '../parts/asking.tsx';
import { Group, Row } from '../parts/lists.tsx';
import { type Api, isAdmin, type ListedReport, type Schemas, seesReports } from '../types.ts';
import { OFFICERS, pathTo } from '../router.ts';
import { wordFor, words } from '../words.ts';
import { text } from './texts.ts';

type Page = Schemas['ReportPage'];
type PendingExport = Schemas['PendingExport'];

const PAGES = 4;
const PAGE = 50;

/** Steps that take two officers, and reports that nobody is notified of. */
export function Awaiting() {
  const { me } = useDesk();
  const t = text().waiting;
  return (
    <>
      <p>{t.what}</p>
      <p class="row links">
        {seesReports(me) && <a href={pathTo('bulletins')}>{t.bulletins}</a>}
        {seesReports(me) && <a href={pathTo('requests')}>{t.requests}</a>}
        {isAdmin(me) && <a href={pathTo(`admin/${OFFICERS}`)}>{t.officers}</a>}
      </p>
      {seesReports(me) && (
        <>
          <Reports />
          <Exports />
        </>
      )}
    </>
  );
}

function Reports() {
  const { api } = useDesk();
  const { loaded, again } = useLoaded(() => readAll(api), language.value);
  const t = text().waiting;
  return (
    <Waiting loaded={loaded} again={again}>
      {({ rows, isWhole }) => (
        <>
          <List id="waiting" title={t.reports} rows={rows.filter((row) => row.awaits.length > 0)} />
          <List id="mutes" title={t.mutes} rows={rows.filter((row) => row.flags.includes('muted'))} />
          {!isWhole && <p class="hint">{t.looked(rows.length)}</p>}
        </>
      )}
    </Waiting>
  );
}

interface ListProps {
  id: string;
  title: string;
  rows: readonly ListedReport[];
}

function List({ id, title, rows }: ListProps) {
  const { names } = useDesk();
  return (
    <Group id={id} title={title} items={rows} none={text().waiting.none}>
      {(row) => (
        <Row key={row.id} to={pathTo(`reports/${row.id}`)} title={row.reference}>
          {row.awaits.map((step) => (
            <span key={step} class="state state--waiting">
              {wordFor(words().awaits, step)}
            </span>
          ))}
          <span>{wordFor(words().status, row.status)}</span>
          <span>{names.category(row.category)}</span>
          <span>{names.district(row.district)}</span>
        </Row>
      )}
    </Group>
  );
}

function Exports() {
  const { api, names } = useDesk();
  const { loaded, again } = useLoaded(async () => {
    const read = await ok(api.GET('/v1/officer/exports'));
    void names.meet(read.items.flatMap(({ by, approved_by: approver }) => [by, approver ?? by]));
    return read;
  }, 'exports');
  const t = text().waiting;
  return (
    <Waiting loaded={loaded} again={again}>
      {({ items, complete }) => (
        <>
          <Group
            id="exports"
            title={t.exports}
            items={items.filter((each) => each.approved_by === null)}
            none={t.none}
          >
            {(each) => <ExportRow key={each.id} asked={each} />}
          </Group>
          <Group
            id="approved-exports"
            title={t.approvedExports}
            items={items.filter((each) => each.approved_by)}
            none={t.none}
          >
            {(each) => <ExportRow key={each.id} asked={each} />}
          </Group>
          {!complete && <p class="hint">{t.notAllExports}</p>}
        </>
      )}
    </Waiting>
  );
}

function ExportRow({ asked }: { asked: PendingExport }) {
  const t = text().waiting;
  const { names } = useDesk();
  const { id, custody, count, by, at, approved_by: approver, ends_at: end } = asked;
  return (
    <Row to={pathTo(`exports/${id}`)} title={custody ? t.exportForCourt : t.exportOf(count)}>
      <span>{t.askedBy(names.officer(by), clock(at))}</span>
      {approver && <span>{t.approvedBy(names.officer(approver))}</span>}
      <span>{t.endsAt(clock(end))}</span>
    </Row>
  );
}

/** Read the reports that come first in the queue: no list is only of these. */
async function readAll(api: Api): Promise<{ rows: ListedReport[]; isWhole: boolean }> {
  const rows: ListedReport[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < PAGES; page++) {
    const query = { sort: 'attention', fold: 'none', limit: PAGE, ...(cursor ? { cursor } : {}) } as const;
    const found: Page = await ok(api.GET('/v1/officer/reports', { params: { query } }));
    rows.push(...found.items);
    cursor = found.next_cursor;
    if (cursor === null) return { rows, isWhole: true };
  }
  return { rows, isWhole: false };
}
