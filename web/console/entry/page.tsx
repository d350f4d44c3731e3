/** Enter what a caller says. The receipt is theirs: it is shown once. */

import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/Button.tsx';
import { ReceiptCode } from '../../shared/components/ReceiptCode.tsx';
import { pathTo } from '../router.ts';
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
        <a class="button button--primary" href={pathTo(`reports/${created.id}`)}>
          {t.open}
        </a>
        <Button onClick={again}>{t.again}</Button>
      </div>
    </>
  );
}
