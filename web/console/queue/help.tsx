import { Button } from '../../shared/components/button.tsx';
import { Check } from '../../shared/components/choices.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { keysOn } from './shortcuts.ts';
import { queueTexts } from './texts.ts';

/** Which keys there are, and a switch to use none. */
export function Help({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { help } = queueTexts();
  const rows: [string, string][] = [
    ['j', help.j],
    ['k', help.k],
    ['Enter', help.enter],
    ['a', help.a],
    ['m', help.m],
    ['/', help.slash],
    ['?', help.question],
  ];
  return (
    <Dialog open={open} title={help.title} onClose={onClose}>
      <p>{help.intro}</p>
      <dl class="keys">
        {rows.map(([key, text]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <Check checked={keysOn.value} onChange={(on) => (keysOn.value = on)}>
        {help.enabled}
      </Check>
      <h3>{help.orderTitle(queueTexts().attention)}</h3>
      <p>{help.order}</p>
      <p>
        <Button kind="primary" onClick={onClose}>
          {help.close}
        </Button>
      </p>
    </Dialog>
  );
}
