import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import './dialog.css';

export interface DialogProps {
  open: boolean;
  title: string;
  /** Called when Escape or its owner closes it: set `open` to false then. */
  onClose: () => void;
  children: ComponentChildren;
}

/** A question above the page, which waits for it. The browser keeps the focus inside, and returns it. */
export function Dialog({ open, title, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  // At once: until it is closed, nothing else can have the focus.
  useLayoutEffect(() => {
    if (open && !dialog.current?.open) dialog.current?.showModal();
    if (!open && dialog.current?.open) dialog.current.close();
  }, [open]);
  // The event comes later than the closing: by then the question may have been put again.
  const closed = () => {
    if (!dialog.current?.open) onClose();
  };
  return (
    <dialog class="dialog" ref={dialog} aria-labelledby={titleId} onClose={closed}>
      {open && (
        <>
          <h2 class="dialog__title" id={titleId}>
            {title}
          </h2>
          {children}
        </>
      )}
    </dialog>
  );
}
