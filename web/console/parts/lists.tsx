/** Lists of rows, each with a title that leads on and its facts; and lists read a page at a time. */

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Refusal, type Step, useStep } from './asking.tsx';
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

interface Page {
  items: readonly unknown[];
  next_cursor: string | null;
}

export interface Pages<P extends Page> {
  page: P | null;
  step: Step;
  /** Read the page after this one; null begins anew. */
  read: (before: P | null) => Promise<boolean>;
}

/** Read a list page by page, each below the one before. */
export function usePages<P extends Page>(
  ask: (cursor: { cursor?: string }) => Promise<P>,
): Pages<P> {
  const [page, setPage] = useState<P | null>(null);
  const step = useStep();
  const read = (before: P | null) =>
    step.run(async () => {
      const next = await ask(before?.next_cursor ? { cursor: before.next_cursor } : {});
      setPage({ ...next, items: [...(before?.items ?? []), ...next.items] });
    });
  return { page, step, read };
}

interface PagedProps<P extends Page> {
  pages: Pages<P>;
  /** What the button for the next page is called. */
  more: string;
  children: (page: P) => ComponentChildren;
}

/** What was read, why the last page was not, and the button for the next. */
export function Paged<P extends Page>({ pages, more, children }: PagedProps<P>) {
  const { page, step, read } = pages;
  return (
    <>
      <Refusal failure={step.failure} />
      {page && children(page)}
      {page?.next_cursor && (
        <Button busy={step.busy} onClick={() => void read(page)}>
          {more}
        </Button>
      )}
    </>
  );
}
