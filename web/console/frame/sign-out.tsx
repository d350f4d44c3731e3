import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { useDesk } from '../desk.ts';
import type { Session } from '../session/session.ts';
import { frameTexts } from './texts.ts';

/** Sign out in all tabs: after a question, when one of them has words that were not sent. */
export function SignOut({ session }: { session: Session }) {
  const t = frameTexts();
  const { drafts } = useDesk();
  const [isAsking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const signOut = () => {
    // The officer has said so: the browser does not ask once more.
    drafts.clear();
    session.signOut();
  };
  const begin = async () => {
    setBusy(true);
    const isUnsent = await session.isAnythingUnsent();
    setBusy(false);
    if (isUnsent) setAsking(true);
    else signOut();
  };
  return (
    <>
      <Button kind="quiet" busy={busy} onClick={() => void begin()}>
        {t.signOut}
      </Button>
      <Dialog open={isAsking} title={t.unsent} onClose={() => setAsking(false)}>
        <p>{t.unsentWhat}</p>
        <div class="row">
          <Button kind="primary" onClick={() => setAsking(false)}>
            {t.stay}
          </Button>
          <Button kind="danger" onClick={signOut}>
            {t.signOutAnyway}
          </Button>
        </div>
      </Dialog>
    </>
  );
}
