import { Button } from '../../shared/components/button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import type { OpenReport } from './open-report.ts';
import { MessageList } from './messages.tsx';
import { reportTexts } from './texts.ts';

/** What was written while the officer was at it: read before anything is sent. */
export function UnseenDialog({ open }: { open: OpenReport }) {
  const t = reportTexts();
  const unseen = open.unseen.value;
  const drop = () => {
    open.unseen.value = null;
  };
  const goOn = () => {
    drop();
    void unseen?.again();
  };
  return (
    <Dialog open={unseen !== null} title={t.unseen.title} onClose={drop}>
      <p>{t.unseen.intro}</p>
      <MessageList messages={unseen?.messages ?? []} />
      <div class="row">
        <Button kind="primary" onClick={drop}>
          {t.unseen.back}
        </Button>
        <Button onClick={goOn}>{t.unseen.anyway}</Button>
      </div>
    </Dialog>
  );
}
