import { useState } from 'preact/hooks';
import { Button } from '../../shared/components/button.tsx';
import { sentences } from '../../shared/joined.ts';
import { useDesk } from '../desk.ts';
import { clock } from '../moments.ts';
import { ok, useStep } from '../parts/asking.ts';
import { ChangedSince, useReread } from '../parts/changed-since.tsx';
import { Refusal } from '../parts/refusal.tsx';
import type { Api, Me } from '../types.ts';
import { isOnlyProposed, type Officer, rowChanges } from './row.ts';
import { RowChanges } from './row-changes.tsx';
import { text } from './texts.ts';

type ProposalOf = NonNullable<Officer['proposal']>;

export interface ProposalProps {
  api: Api;
  me: Me;
  officer: Officer;
  again: () => Promise<void>;
  onDone: (message: string) => void;
}

/** What is proposed for an officer. Exactly the version that was read is approved. */
export function Proposal({ api, me, officer, again, onDone }: ProposalProps) {
  const [stale, setStale] = useState<ProposalOf | null>(null);
  const { names } = useDesk();
  const step = useStep();
  const proposal = officer.proposal;
  const isNewer = stale !== null && proposal !== null && stale.version !== proposal.version;
  const reread = useReread(isNewer, proposal?.version ?? 0);
  if (proposal === null) return null;
  const t = text().officers;
  const path = { username: officer.username };
  const approve = () =>
    step.run(
      async () => {
        const header = { 'If-Match': `"${proposal.version}"` };
        await ok(api.POST('/v1/admin/officers/{username}/approve', { params: { path, header } }));
        onDone(t.approved);
      },
      async (failure) => {
        if (failure.status !== 412) return false;
        setStale(proposal);
        await again();
        return true;
      },
    );
  const decline = () =>
    step.run(async () => {
      await ok(api.DELETE('/v1/admin/officers/{username}/proposal', { params: { path } }));
      onDone(t.declined);
    });
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
      <Refusal failure={step.failure} />
      {!isOwnRow && reread.isDue && reread.reminder}
      {!isOwnRow && (
        <div class="row">
          {!isMine && !isExpired && !reread.isDue && (
            <Button kind="primary" busy={step.busy} onClick={() => void approve()}>
              {t.approve}
            </Button>
          )}
          <Button busy={step.busy} onClick={() => void decline()}>
            {isMine ? t.takeBack : t.decline}
          </Button>
        </div>
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
