import { useState } from 'preact/hooks';

import { labelled, listed, sentences } from '../../shared/language.ts';
import { clock } from '../../shared/time.ts';
import type { Failure } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { ok } from '../parts/asking.tsx';
import { ChangedSince, Marked, useReread } from '../parts/changed-since.tsx';
import { SecondPerson } from '../parts/second-person.tsx';
import { namedBy } from './officer-list.tsx';
import { isOnlyProposed, type Officer, type Row, type RowChange, rowChanges } from './row.ts';
import { text } from './texts.ts';

type ProposalOf = NonNullable<Officer['proposal']>;

export interface ProposalProps {
  officer: Officer;
  again: () => Promise<void>;
  onDone: (message: string) => void;
}

/** What is proposed for an officer. Exactly the version that was read is approved. */
export function Proposal({ officer, again, onDone }: ProposalProps) {
  const { api, me, names } = useDesk();
  const [stale, setStale] = useState<ProposalOf | null>(null);
  const proposal = officer.proposal;
  const isNewer = stale !== null && proposal !== null && stale.version !== proposal.version;
  const reread = useReread(isNewer, proposal?.version ?? 0);
  if (proposal === null) return null;
  const t = text().officers;
  const path = { username: officer.username };
  const approve = async () => {
    const header = { 'If-Match': proposal.tag ?? '' };
    await ok(api.POST('/v1/admin/officers/{username}/approve', { params: { path, header } }));
    onDone(t.approved);
  };
  const showNewer = async ({ status }: Failure) => {
    if (status !== 412) return false;
    setStale(proposal);
    await again();
    return true;
  };
  const decline = async () => {
    await ok(api.DELETE('/v1/admin/officers/{username}/proposal', { params: { path } }));
    onDone(t.declined);
  };
  const isExpired = Date.parse(proposal.expires_at) <= Date.now();
  const isMine = proposal.by === me.username;
  const isOwnRow = officer.username === me.username;
  return (
    <section class="card" aria-labelledby="proposal">
      <h3 id="proposal">{t.proposal}</h3>
      {isNewer && <Since read={stale} now={proposal} />}
      {reread.box}
      <p>
        {sentences(
          t.proposedBy(names.officer(proposal.by), clock(proposal.at)),
          isExpired ? t.expired : t.until(clock(proposal.expires_at)),
          isOnlyProposed(officer) ? t.isNew : '',
        )}
      </p>
      <RowChanges now={officer} proposed={proposal.row} isNew={isOnlyProposed(officer)} />
      {isMine && <p>{t.ownProposal}</p>}
      {!isOwnRow && reread.isDue && reread.reminder}
      {!isOwnRow && (
        <SecondPerson
          isMine={isMine}
          approve={isExpired || reread.isDue ? null : { label: t.approve, act: approve, deal: showNewer }}
          end={{ label: isMine ? t.takeBack : t.decline, act: decline }}
        />
      )}
    </section>
  );
}

/** What the new proposal has changed of the one that was read. */
function Since({ read, now }: { read: ProposalOf; now: ProposalOf }) {
  const isSame = rowChanges(read.row, now.row).length === 0;
  return (
    <ChangedSince intro={text().officers.stale}>
      {isSame ? <p>{text().officers.staleSame}</p> : <RowChanges now={read.row} proposed={now.row} />}
    </ChangedSince>
  );
}

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
