/** A list that is read a page at a time, each below the one before. */

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Refusal, type Step, useStep } from './asking.tsx';

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
