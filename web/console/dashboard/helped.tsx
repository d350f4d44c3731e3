import { listed } from '../../shared/joined.ts';
import { useDesk } from '../desk.ts';
import { month } from '../parts/days.ts';
import { Bars } from './bars.tsx';
import { Chart } from './chart.tsx';
import { helped, type Statistics, wholeMonths } from './figures.ts';
import { text } from './texts.ts';

/** What reporters answered when their reports were closed. */
export function Helped({ statistics }: { statistics: Statistics }) {
  const { names } = useDesk();
  const rows = helped(statistics.helped);
  const months = wholeMonths(statistics.since, statistics.until);
  return (
    <Chart title={text().helpedTitle}>
      {rows.length === 0 && <p>{text().helpedNone}</p>}
      <Bars
        highest={100}
        bars={rows.map(({ category, yes, no, percent }) => ({
          key: category,
          label: names.category(category),
          said: text().helpedPercent(percent, yes, yes + no),
          parts: [
            { kind: 'yes', value: percent },
            { kind: 'no', value: 100 - percent },
          ],
        }))}
      />
      {months.length > 0 && <p class="hint">{text().helpedMonths(listed(months.map(month)))}</p>}
      <p class="hint">{text().helpedWhy}</p>
    </Chart>
  );
}
