import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

export interface FoldProps {
  title: string;
  /** What is filled in, to show while it is folded. */
  value?: string;
  /** It has an error: it must be seen. */
  open?: boolean;
  children: ComponentChildren;
}

/** Something optional, folded away. It opens by itself, but never closes in front of the person. */
export function Fold({ title, value = '', open = false, children }: FoldProps) {
  const fold = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    if (open && fold.current) fold.current.open = true;
  }, [open]);
  return (
    <details class="fold" ref={fold}>
      <summary class="fold__title">
        <span>{title}</span>
        {value && <span class="fold__value">{value}</span>}
      </summary>
      <div class="fold__content">{children}</div>
    </details>
  );
}
