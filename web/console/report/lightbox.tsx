import { useEffect, useRef } from 'preact/hooks';

import { Button } from '../../shared/components/Button.tsx';
import { Icon } from '../frame/icon.tsx';
import type { Medium } from '../types.ts';
import type { MediumAction } from './media.tsx';
import { reportTexts } from './texts.ts';

interface LightboxProps {
  pictures: Medium[];
  shown: Medium | null;
  act: (action: MediumAction, id: string) => void;
  onClose: () => void;
}

/** A picture as large as the screen; the arrow keys go to the others. */
export function Lightbox({ pictures, shown, act, onClose }: LightboxProps) {
  const t = reportTexts();
  const dialog = useRef<HTMLDialogElement>(null);
  const number = shown ? pictures.indexOf(shown) : -1;
  useEffect(() => {
    if (shown && !dialog.current?.open) dialog.current?.showModal();
    if (!shown && dialog.current?.open) dialog.current.close();
  }, [shown]);
  const turn = (by: 1 | -1) => {
    const next = pictures[number + by];
    if (next) act('enlarge', next.media_id);
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.key === 'ArrowRight') turn(1);
    if (event.key === 'ArrowLeft') turn(-1);
  };
  const title = t.media.picture(number + 1, pictures.length);
  return (
    <dialog
      class="lightbox"
      ref={dialog}
      aria-label={title}
      // Opening another of its dialogs closes this one, which is no wish to close that one.
      onCancel={onClose}
      onKeyDown={pressed}
    >
      {shown && (
        <>
          <img class="lightbox__picture" src={shown.preview_url ?? ''} alt={title} />
          <div class="lightbox__bar">
            <Button disabled={number === 0} aria-label={t.media.previous} onClick={() => turn(-1)}>
              <Icon name="back" />
            </Button>
            <span aria-live="polite">{title}</span>
            <Button
              disabled={number === pictures.length - 1}
              aria-label={t.media.following}
              onClick={() => turn(1)}
            >
              <Icon name="next" />
            </Button>
            {shown.from === 'reporter' && (
              <>
                <Button onClick={() => act('original', shown.media_id)}>{t.media.original}</Button>
                <Button onClick={() => act('redact', shown.media_id)}>{t.media.redact}</Button>
              </>
            )}
            {/* The focus begins here: to open an original goes on record. */}
            <Button kind="primary" autofocus onClick={onClose}>
              {t.media.close}
            </Button>
          </div>
        </>
      )}
    </dialog>
  );
}
