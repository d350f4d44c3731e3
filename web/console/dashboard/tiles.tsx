import { useDesk } from '../desk.ts';
import { type Filters, NO_FILTERS } from '../queue/filters.ts';
import { pathTo } from '../router.ts';
import type { Pulse } from '../types.ts';
import { text } from './texts.ts';

type Name = 'critical' | 'overdue' | 'unread' | 'new' | 'open';

// Which reports of the queue a tile counts. No filter is of overdue ones alone: they come early in
// what needs somebody.
const ALERTS: readonly Name[] = ['critical', 'overdue', 'unread', 'new'];
const TILES: readonly [Name, Partial<Filters>][] = [
  ['critical', { urgency: 'critical', status: 'new' }],
  ['overdue', { needsAction: true }],
  ['unread', { unread: true }],
  ['new', { status: 'new' }],
  ['open', {}],
];

/** What needs somebody now, as the pulse counts it. Each leads to its reports in the queue. */
export function Tiles({ pulse }: { pulse: Pulse | null }) {
  const { list } = useDesk();
  // Until the counts are known the tiles take their room: nothing below them moves.
  const counts = pulse?.counts;
  return (
    <section aria-labelledby="now">
      <h2 id="now">{text().now}</h2>
      <ul class="tiles">
        {TILES.map(([name, filters]) => (
          <li key={name}>
            <a
              class={classOf(name, counts?.[name] ?? 0)}
              href={pathTo('')}
              onClick={() => {
                list.filters.value = { ...NO_FILTERS, ...filters };
              }}
            >
              <span class="tile__count">
                {pulse?.complete === false && <span class="tile__least">{text().atLeast} </span>}
                {counts?.[name] ?? '–'}
              </span>{' '}
              <span>{text().tiles[name]}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function classOf(name: Name, count: number): string {
  if (count === 0) return 'tile';
  return ALERTS.includes(name) ? `tile tile--alert tile--${name}` : `tile tile--${name}`;
}
