import { Button } from '../../shared/components/button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { useDesk } from '../desk.ts';
import { MessageList } from './messages.tsx';
import type { Difference, OpenReport } from './open-report.ts';
import { reportTexts } from './texts.ts';
import { valueText } from './values.ts';

/** What the other officer has changed, and the choice between theirs and mine. */
export function ConflictDialog({ open }: { open: OpenReport }) {
  const t = reportTexts();
  const conflict = open.conflict.value;
  const drop = () => {
    open.conflict.value = null;
  };
  const mine = conflict?.mine ?? null;
  const keep = () => {
    drop();
    if (mine) void open.change(mine);
  };
  return (
    <Dialog open={conflict !== null} title={t.conflict.title} onClose={drop}>
      <p>{mine ? t.conflict.intro : t.conflict.same}</p>
      <div class="table-scroll" tabIndex={0} role="group" aria-label={t.conflict.title}>
        <table class="compare">
          <thead>
            <tr>
              <th scope="col">{t.conflict.field}</th>
              <th scope="col">{t.conflict.before}</th>
              <th scope="col">{t.conflict.theirs}</th>
              <th scope="col">{t.conflict.mine}</th>
            </tr>
          </thead>
          <tbody>
            {conflict?.differences.map((difference) => (
              <Line key={difference.field} difference={difference} />
            ))}
          </tbody>
        </table>
      </div>
      <div class="row">
        <Button kind="primary" onClick={drop}>
          {mine ? t.conflict.take : t.conflict.ok}
        </Button>
        {mine && <Button onClick={keep}>{t.conflict.keep}</Button>}
      </div>
    </Dialog>
  );
}

function Line({ difference: { field, before, theirs, mine } }: { difference: Difference }) {
  const t = reportTexts();
  const { names } = useDesk();
  const said = (value: string | null) => valueText(field, value, names);
  return (
    <tr>
      <th scope="row">{t.conflict.fields[field] ?? field}</th>
      <td>{said(before)}</td>
      <td>{before === theirs ? said(theirs) : <strong>{said(theirs)}</strong>}</td>
      <td>{mine === undefined ? '' : said(mine)}</td>
    </tr>
  );
}

/** What was written while the officer was at it: read before anything is sent. */
export function UnseenDialog({ open }: { open: OpenReport }) {
  const t = reportTexts();
  const unseen = open.unseen.value;
  const drop = () => {
    open.unseen.value = null;
  };
  const goOn = () => {
    drop();
    void unseen?.again();
  };
  return (
    <Dialog open={unseen !== null} title={t.unseen.title} onClose={drop}>
      <p>{t.unseen.intro}</p>
      <MessageList messages={unseen?.messages ?? []} />
      <div class="row">
        <Button kind="primary" onClick={drop}>
          {t.unseen.back}
        </Button>
        <Button onClick={goOn}>{t.unseen.anyway}</Button>
      </div>
    </Dialog>
  );
}
