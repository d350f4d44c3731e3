import type { ComponentChildren } from 'preact';
import './bars.css';

export interface Bar {
  key: string;
  label: ComponentChildren;
  /** What the bar says, in words: it is understood without the picture. */
  said: ComponentChildren;
  parts: readonly { kind: string; value: number }[];
}

/** Lying bars with the same scale, each beside its name and its figures. */
export function Bars({ bars, highest }: { bars: readonly Bar[]; highest: number }) {
  return (
    <ul class="bars">
      {bars.map((bar) => (
        <li key={bar.key} class="bars__row">
          <span class="bars__label">{bar.label}</span>
          <Picture parts={bar.parts} highest={highest} />
          <span class="bars__said">{bar.said}</span>
        </li>
      ))}
    </ul>
  );
}

function Picture({ parts, highest }: { parts: Bar['parts']; highest: number }) {
  let at = 0;
  return (
    <svg class="bars__picture" width="100%" height="18" aria-hidden="true" focusable="false">
      {parts.map(({ kind, value }) => {
        const width = (100 * value) / Math.max(1, highest);
        const x = at;
        at += width;
        return value > 0 ? (
          <rect key={kind} class={`bar bar--${kind}`} x={`${x}%`} y="1" width={`${width}%`} height="16" />
        ) : null;
      })}
    </svg>
  );
}
