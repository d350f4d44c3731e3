import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/Button.tsx';
import { Status } from '../../shared/components/Status.tsx';
import { colon } from '../../shared/joined.ts';
import { start } from './texts.ts';

/** Hand on the page of a bulletin: by what the phone has for it, or else as a link to paste. */
export function Share({ title, url }: { title: string; url: string }) {
  const text = start();
  const [copied, setCopied] = useState<'yes' | 'no' | null>(null);
  const canShare = typeof navigator.share === 'function';
  const share = async (): Promise<void> => {
    if (canShare) {
      // Whoever changes their mind has nothing to read about it.
      await navigator.share({ title, url }).catch(() => undefined);
      return;
    }
    try {
      await navigator.clipboard.writeText(url);
      setCopied('yes');
    } catch {
      setCopied('no');
    }
  };
  return (
    <div class="card__share">
      <Button kind="quiet" onClick={() => void share()}>
        {canShare ? text.share : text.copyLink}
        <span class="hidden-visually">
          {colon()}
          {title}
        </span>
      </Button>
      <Status>
        {copied === 'yes' && <p>{text.linkCopied}</p>}
        {copied === 'no' && <p>{url}</p>}
      </Status>
    </div>
  );
}
