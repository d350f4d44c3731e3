/** A step that one takes alone, after a question. */

import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { texts } from '../../shared/language.ts';
import { Refusal, useStep } from './asking.tsx';

interface SureProps {
  title: string;
  /** What follows from it. */
  why: string;
  kind?: 'danger' | 'secondary';
  act: () => Promise<void>;
}

export function Sure({ title, why, kind = 'secondary', act }: SureProps) {
  const [isAsking, setAsking] = useState(false);
  const step = useStep();
  const take = () =>
    step.run(async () => {
      await act();
      setAsking(false);
    });
  return (
    <>
      <Button kind={kind} onClick={() => setAsking(true)}>
        {title}
      </Button>
      <Dialog open={isAsking} title={title} onClose={() => setAsking(false)}>
        <p>{why}</p>
        <Refusal failure={step.failure} />
        <div class="row">
          <Button kind="danger" busy={step.busy} onClick={() => void take()}>
            {title}
          </Button>
          {/* Enter, pressed once more, changes nothing. */}
          <Button autofocus onClick={() => setAsking(false)}>
            {text().cancel}
          </Button>
        </div>
      </Dialog>
    </>
  );
}

const text = texts({ en: { cancel: 'Cancel' }, zh: { cancel: '取消' } });
