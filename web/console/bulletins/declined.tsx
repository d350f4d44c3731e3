import { useDesk } from '../desk.ts';
import { outcomeOf } from '../calls.ts';
import { clock } from '../moments.ts';
import { ReasonForm } from '../parts/reason-form.tsx';
import type { Api } from '../types.ts';
import type { Bulletin } from './changes.ts';
import { text } from './texts.ts';

/** Who has declined it, and what they want changed. */
export function Declined({ declined }: { declined: NonNullable<Bulletin['declined']> }) {
  const { names } = useDesk();
  return (
    <>
      <p>
        {text().declinedBy(names.officer(declined.by), clock(declined.at), declined.version)}
      </p>
      <blockquote class="words">{declined.reason}</blockquote>
      <p>{text().writeAnew}</p>
    </>
  );
}

export interface DeclineProps {
  api: Api;
  bulletin: Bulletin;
  /** When there is a newer version: that one is to be read first. */
  onStale: () => Promise<void>;
  onDone: (message: string) => void;
  onCancel: () => void;
}

/** Decline the version that was read, and say why. */
export function Decline({ api, bulletin, onStale, onDone, onCancel }: DeclineProps) {
  const submit = async (reason: string): Promise<string | null> => {
    const path = { bulletin_id: bulletin.id };
    const header = { 'If-Match': `"${bulletin.version}"` };
    const outcome = await outcomeOf(
      api.POST('/v1/officer/bulletins/{bulletin_id}/decline', {
        params: { path, header },
        body: { reason },
      }),
    );
    if (outcome.ok) onDone(text().declineDone);
    else if (outcome.failure.status === 412) await onStale();
    else return outcome.failure.text;
    return null;
  };
  return (
    <ReasonForm
      intro={text().declineWhat}
      label={text().declineWhy}
      submitLabel={text().declineNow}
      submit={submit}
      cancel={onCancel}
    />
  );
}
