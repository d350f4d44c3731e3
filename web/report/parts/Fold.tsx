import type { ComponentChildren } from 'preact';

export interface FoldProps {
  title: string;
  /** What is filled in, to show while it is folded. */
  value?: string;
  /** It has an error: it must be seen. */
  open?: boolean;
  children: ComponentChildren;
}

/** Something optional, folded away. */
export function Fold({ title, value = '', open = false, children }: FoldProps) {
  return (
    <details class="fold" open={open || undefined}>
      <summary class="fold__title">
        <span>{title}</span>
        {value && <span class="fold__value">{value}</span>}
      </summary>
      <div class="fold__content">{children}</div>
    </details>
  );
}
