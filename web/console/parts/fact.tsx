import type { ComponentChildren } from 'preact';

import './fact.css';

/** One row of a list of facts, which is a `<dl class="facts">`. */
export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
