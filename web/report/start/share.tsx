import { Button } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { useCopied } from '../../shared/copied.ts';
import { colon } from '../../shared/joined.ts';
import { start } from './texts.ts';

/** Hand on the page of a bulletin: by what the phone has for it, or else as a link to paste. */
export function Share({ title, url }: { title: string; url: string }) {
  const text = start();
  const [copied, copy] = useCopied(url);
  const canShare = typeof navigator.share === 'function';
  // Whoever changes their mind has nothing to read about it.
  const share = () => void navigator.share({ title, url }).catch(() => undefined);
  return (
    <div class="card__share">
      <Button kind="quiet" onClick={canShare ? share : copy}>
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
