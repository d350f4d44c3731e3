import type { ComponentChildren } from 'preact';

import './fact.css';

export interface FactsProps {
  rows: readonly (readonly [name: string, value: ComponentChildren])[];
  /** Beside others, in small letters. */
  small?: boolean;
}

/** A list of facts that are all there. */
export function Facts({ rows, small = false }: FactsProps) {
  return (
    <dl class={small ? 'facts facts--small' : 'facts'}>
      {rows.map(([name, value]) => (
        <Fact key={name} name={name}>
          {value}
        </Fact>
      ))}
    </dl>
  );
}

/** One row of a list of facts, which is a `<dl class="facts">`. */
export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
