import { wordFor, words } from '../words.ts';
import { Bars } from './bars.tsx';
import { Chart } from './chart.tsx';
import type { Statistics } from './figures.ts';
import { text } from './texts.ts';

/** How the reports of the period ended. */
export function Endings({ statistics }: { statistics: Statistics }) {
  const rows = Object.entries(statistics.by_disposition).sort(([, a], [, b]) => b - a);
  const reopened = Object.values(statistics.reopened).reduce((sum, count) => sum + count, 0);
  return (
    <Chart title={text().endTitle}>
      {rows.length === 0 && <p>{text().endNone}</p>}
      <Bars
        highest={rows[0]?.[1] ?? 0}
        bars={rows.map(([disposition, count]) => ({
          key: disposition,
          label: wordFor(words().disposition, disposition),
          said: text().reports(count),
          parts: [{ kind: 'all', value: count }],
        }))}
      />
      {reopened > 0 && <p>{text().reopened(reopened)}</p>}
    </Chart>
  );
}
