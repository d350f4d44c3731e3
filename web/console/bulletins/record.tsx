import { parted } from '../../shared/joined.ts';
import { useDesk } from '../desk.ts';
import { span } from '../moments.ts';
import { folded } from '../parts/folded.ts';
import type { History } from './changes.ts';
import { text } from './texts.ts';

/** Who wrote, approved and read the bulletin, the oldest first. */
export function Record({ history }: { history: History }) {
  const { names } = useDesk();
  return (
    <details class="record">
      <summary>{text().record}</summary>
      <ol class="record__list">
        {folded(history.items).map(({ item: event, until, count }, index) => {
          const step = event.detail?.step ?? event.action;
          return (
            <li key={index}>
              <strong title={event.by}>{names.officer(event.by)}</strong>{' '}
              {parted([
                text().recordStep[step] ?? step,
                event.detail?.version === undefined ? '' : text().version(event.detail.version),
                count > 1 ? text().times(count) : '',
              ])}
              <span class="muted"> {span(event.at, until)}</span>
              {!event.verified && <strong> {text().notVerified}</strong>}
            </li>
          );
        })}
      </ol>
    </details>
  );
}
