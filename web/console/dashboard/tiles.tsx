import { pathTo } from '../router.ts';
import type { Pulse } from '../types.ts';
import { text } from './texts.ts';

const TILES = ['critical', 'overdue', 'unread', 'new', 'open'] as const;

/** What needs somebody now, as the pulse counts it. Each leads into the queue. */
export function Tiles({ pulse }: { pulse: Pulse | null }) {
  if (pulse === null) return null;
  const { counts, complete } = pulse;
  return (
    <section aria-labelledby="now">
      <h2 id="now">{text().now}</h2>
      <ul class="tiles">
        {TILES.map((name) => (
          <li key={name}>
            <a class={counts[name] > 0 ? `tile tile--${name}` : 'tile'} href={pathTo('')}>
              <span class="tile__count">
                {!complete && <span class="tile__least">{text().atLeast} </span>}
                {counts[name]}
              </span>{' '}
              <span>{text().tiles[name]}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
