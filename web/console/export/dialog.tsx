/** Take reports out: one, or a list. Each counts as an opening, with the reason on record. */

import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Check } from '../../shared/components/choices.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { clock } from '../moments.ts';
import { ReasonForm } from '../parts/reason-form.tsx';
import { pathTo } from '../router.ts';
import type { Api, Schemas } from '../types.ts';
import { Extent, type ListExtent } from './extent.tsx';
import { exportTexts } from './texts.ts';

export type Exported = { report: string } | ListExtent;

interface ExportDialogProps {
  open: boolean;
  onClose: () => void;
  what: Exported;
}

export function ExportDialog({ open, onClose, what }: ExportDialogProps) {
  const t = exportTexts();
  return (
    <Dialog open={open} title={'report' in what ? t.one : t.list} onClose={onClose}>
      <ExportForm what={what} onClose={onClose} />
    </Dialog>
  );
}

function ExportForm({ what, onClose }: { what: Exported; onClose: () => void }) {
  const t = exportTexts();
  const { api } = useDesk();
  const [originals, setOriginals] = useState(false);
  const [made, setMade] = useState<Schemas['Export'] | null>(null);
  if (made) {
    return (
      <>
        <Made made={made} />
        <Button onClick={onClose}>{t.close}</Button>
      </>
    );
  }
  const submit = async (reason: string) => {
    const outcome = await outcomeOf(request(api, what, reason, originals));
    if (!outcome.ok) return outcome.failure.text;
    setMade(outcome.data);
    return null;
  };
  return (
    <>
      {'filters' in what && <Extent extent={what} />}
      <ReasonForm
        intro={'report' in what && t.oneHint}
        submitLabel={t.make}
        submit={submit}
        cancel={onClose}
      >
        {'report' in what && (
          <Check checked={originals} onChange={setOriginals}>
            {t.originals}
          </Check>
        )}
      </ReasonForm>
    </>
  );
}

/** Say what was made, with the address while it works, or who has to approve it. */
export function Made({ made }: { made: Schemas['Export'] }) {
  const t = exportTexts();
  if (made.state === 'awaits_approval') {
    return (
      <div role="status">
        <p>{t.awaits(made.count)}</p>
        <p>
          <a href={pathTo(`exports/${made.id}`)}>{t.follow}</a>
        </p>
      </div>
    );
  }
  return (
    <div role="status">
      <p>{t.made(made.count)}</p>
      {made.left_out > 0 && <p>{t.leftOut(made.left_out)}</p>}
      {made.url !== null && (
        <p>
          <a class="button button--primary" href={made.url} download>
            {t.download}
          </a>{' '}
          {made.expires_at !== null && <span class="hint">{t.until(clock(made.expires_at))}</span>}
        </p>
      )}
    </div>
  );
}

function request(api: Api, what: Exported, reason: string, originals: boolean) {
  const body =
    'report' in what
      ? { report_id: what.report, reason, originals }
      : { filters: what.filters, reason };
  return api.POST('/v1/officer/exports', { body });
}
