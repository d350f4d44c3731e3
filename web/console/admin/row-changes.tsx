import { labelled, listed } from '../../shared/joined.ts';
import { useDesk } from '../desk.ts';
import { Marked } from '../parts/marked.tsx';
import { namedBy } from './officer-list.tsx';
import { type Row, type RowChange, rowChanges } from './row.ts';
import { text } from './texts.ts';

interface RowChangesProps {
  now: Row;
  proposed: Row;
  /** There is no officer yet: nothing is taken away. */
  isNew?: boolean;
}

/** What a proposal changes of a row, field by field, in words. */
export function RowChanges({ now, proposed, isNew = false }: RowChangesProps) {
  return (
    <dl class="changes">
      {rowChanges(now, proposed).map((change) => (
        <div class="changes__one" key={change.field}>
          <dt>{text().fields[change.field]}</dt>
          <dd>
            <What change={change} isNew={isNew} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function What({ change, isNew }: { change: RowChange; isNew: boolean }) {
  const { names } = useDesk();
  switch (change.field) {
    case 'roles':
    case 'categories':
    case 'districts': {
      const name = namedBy(names, change.field);
      return (
        <>
          {change.added.map((code) => (
            <p key={code}>
              <Marked kind="added">{name(code)}</Marked>
            </p>
          ))}
          {change.removed.map((code) => (
            <p key={code}>
              <Marked kind="removed">{name(code)}</Marked>
            </p>
          ))}
          {change.kept.length > 0 && (
            <p class="muted">
              {labelled(text().stays, listed(change.kept.map(name)))}
            </p>
          )}
        </>
      );
    }
    case 'active':
      return (
        <>
          {!isNew && (
            <p>
              <Marked kind="removed">{change.before ? text().isActive : text().isInactive}</Marked>
            </p>
          )}
          <p>
            <Marked kind="added">{change.after ? text().isActive : text().isInactive}</Marked>
          </p>
        </>
      );
    default:
      // A number begins with a plus of its own: the space parts it from the mark's.
      return (
        <>
          {change.before && (
            <p>
              <Marked kind="removed"> {change.before}</Marked>
            </p>
          )}
          {change.after && (
            <p>
              <Marked kind="added"> {change.after}</Marked>
            </p>
          )}
        </>
      );
  }
}
