/** Lists of rows, each with a title that leads on and its facts. */

import type { ComponentChildren } from 'preact';

import './lists.css';

interface RowsProps<T> {
  items: readonly T[];
  /** What is said when there are none. */
  none: string;
  /** A `Row`, with a key. */
  children: (item: T) => ComponentChildren;
}

export function Rows<T>({ items, none, children }: RowsProps<T>) {
  if (items.length === 0) return <p class="muted">{none}</p>;
  return <ul class="rows">{items.map(children)}</ul>;
}

/** Rows below a heading that names the section and says how many there are. */
export function Group<T>({ id, title, ...rows }: RowsProps<T> & { id: string; title: string }) {
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>
        {title} <span class="count">{rows.items.length}</span>
      </h2>
      <Rows {...rows} />
    </section>
  );
}

interface RowProps {
  to: string;
  title: ComponentChildren;
  /** Its facts, each an element. */
  children: ComponentChildren;
}

export function Row({ to, title, children }: RowProps) {
  return (
    <li class="rows__one">
      <a class="rows__title" href={to}>
        {title}
      </a>
      <p class="rows__facts">{children}</p>
    </li>
  );
}
