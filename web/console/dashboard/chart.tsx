import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

/** A chart with its title. */
export function Chart({ title, children }: { title: string; children: ComponentChildren }) {
  const id = useId();
  return (
    <section class="card" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}
