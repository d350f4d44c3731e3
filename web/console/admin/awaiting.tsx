import { useEffect } from 'preact/hooks';
import { language } from '../../shared/language.ts';
import { clock } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { ok, useLoaded, Waiting } from '../parts/asking.tsx';
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
          <List title={t.reports} rows={rows.filter((row) => row.awaits.length > 0)} />
          <List title={t.mutes} rows={rows.filter((row) => row.flags.includes('muted'))} />
          {!isWhole && <p class="hint">{t.looked(rows.length)}</p>}
        </>
      )}
    </Waiting>
  );
}

function List({ title, rows }: { title: string; rows: readonly ListedReport[] }) {
  const { names } = useDesk();
  return (
    <section>
      <h2>
        {title} <span class="count">{rows.length}</span>
      </h2>
      {rows.length === 0 && <p class="muted">{text().waiting.none}</p>}
      {rows.length > 0 && (
        <ul class="rows">
          {rows.map((row) => (
            <li class="rows__one" key={row.id}>
              <a class="rows__title" href={pathTo(`reports/${row.id}`)}>
                {row.reference}
              </a>
              <p class="rows__facts">
                {row.awaits.map((step) => (
                  <span key={step} class="state state--waiting">
                    {wordFor(words().awaits, step)}
                  </span>
                ))}
                <span>{wordFor(words().status, row.status)}</span>
                <span>{names.category(row.category)}</span>
                <span>{names.district(row.district)}</span>
              </p>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Exports() {
  const { api } = useDesk();
  const { loaded, again } = useLoaded(() => ok(api.GET('/v1/officer/exports')), 'exports');
  const t = text().waiting;
  return (
    <Waiting loaded={loaded} again={again}>
      {({ items, complete }) => (
        <>
          <ExportList title={t.exports} exports={items.filter((each) => each.approved_by === null)} />
          <ExportList title={t.approvedExports} exports={items.filter((each) => each.approved_by)} />
          {!complete && <p class="hint">{t.notAllExports}</p>}
        </>
      )}
    </Waiting>
  );
}

function ExportList({ title, exports }: { title: string; exports: readonly PendingExport[] }) {
  const t = text().waiting;
  const { names } = useDesk();
  useEffect(() => {
    void names.meet(exports.flatMap(({ by, approved_by: approver }) => [by, approver ?? by]));
  }, [names, exports]);
  return (
    <section>
      <h2>
        {title} <span class="count">{exports.length}</span>
      </h2>
      {exports.length === 0 && <p class="muted">{t.none}</p>}
      {exports.length > 0 && (
        <ul class="rows">
          {exports.map((each) => (
            <li class="rows__one" key={each.id}>
              <a class="rows__title" href={pathTo(`exports/${each.id}`)}>
                {each.custody ? t.exportForCourt : t.exportOf(each.count)}
              </a>
              <p class="rows__facts">
                <span>{t.askedBy(names.officer(each.by), clock(each.at))}</span>
                {each.approved_by && <span>{t.approvedBy(names.officer(each.approved_by))}</span>}
                <span>{t.endsAt(clock(each.ends_at))}</span>
              </p>
            </li>
          ))}
        </ul>
      )}
    </section>
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
