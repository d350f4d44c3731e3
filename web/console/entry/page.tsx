/** Enter what a caller says. The receipt is theirs: it is shown once. */

import { useEffect, useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { ReceiptCode } from '../../shared/components/receipt-code.tsx';
import { useDesk } from '../desk.ts';
import { go, hold, pathTo } from '../router.ts';
import type { Schemas } from '../types.ts';
import { EntryForm } from './form.tsx';
import { entryTexts } from './texts.ts';
import './entry.css';

type Created = Schemas['CreatedReport'];

export function EntryPage() {
  const [created, setCreated] = useState<Created | null>(null);
  const t = entryTexts();
  return (
    <div class="narrow card entry">
      <h1>{created ? t.done : t.title}</h1>
      {created ? (
        <HandOver created={created} again={() => setCreated(null)} />
      ) : (
        <EntryForm onCreated={setCreated} />
      )}
    </div>
  );
}

/** The receipt, for the caller. What the API says to reporters, to call the police, is not for officers. */
function HandOver({ created, again }: { created: Created; again: () => void }) {
  const t = entryTexts();
  const [isGiven, setGiven] = useState(false);
  const [wanted, setWanted] = useState<string | null>(null);
  const release = useHeldPage(!isGiven, created.reference, setWanted);
  const leave = () => {
    release();
    if (wanted !== null) go(wanted);
  };
  return (
    <>
      <div role="status">
        <p>{t.reference(created.reference)}</p>
        <p>{t.handOver}</p>
      </div>
      <div class="entry__receipt">
        <ReceiptCode receipt={created.receipt} />
      </div>
      <div class="row">
        <Button onClick={() => print()}>{t.print}</Button>
        {isGiven ? (
          <>
            <a class="button button--primary" href={pathTo(`reports/${created.id}`)}>
              {t.open}
            </a>
            <Button onClick={again}>{t.again}</Button>
          </>
        ) : (
          <Button kind="primary" onClick={() => setGiven(true)}>
            {t.given}
          </Button>
        )}
      </div>
      <Dialog open={wanted !== null} title={t.isGiven} onClose={() => setWanted(null)}>
        <p>{t.handOver}</p>
        <div class="row">
          <Button kind="primary" onClick={() => setWanted(null)}>
            {t.stay}
          </Button>
          <Button onClick={leave}>{t.givenLeave}</Button>
        </div>
      </Dialog>
    </>
  );
}

/**
 * Keep the page while it alone has the receipt: `asked` is called with where the officer wants to go.
 * It counts as unsent, so that a reload and a sign-out ask, too. Returns what lets the officer go.
 */
function useHeldPage(
  isHeld: boolean,
  reference: string,
  asked: (to: string) => void,
): () => void {
  const { drafts } = useDesk();
  const release = useRef(() => {});
  useEffect(() => {
    if (!isHeld) return undefined;
    const key = `receipt:${reference}`;
    drafts.set(key, reference);
    const letGo = hold(asked);
    release.current = () => {
      letGo();
      drafts.set(key, '');
    };
    return () => release.current();
  }, [isHeld, reference, asked, drafts]);
  return () => release.current();
}
