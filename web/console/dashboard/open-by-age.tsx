import { useDesk } from '../desk.ts';
import { Bars } from './bars.tsx';
import { Chart } from './chart.tsx';
import { AGES, type AgeRow, openByAge, type Statistics } from './figures.ts';
import { text } from './texts.ts';

/** Open reports, by category and age. */
export function OpenByAge({ statistics }: { statistics: Statistics }) {
  const { names } = useDesk();
  const rows = openByAge(statistics.open_by_age);
  return (
    <Chart title={text().openTitle}>
      {rows.length === 0 && <p>{text().openNone}</p>}
      <Bars
        highest={rows[0]?.total ?? 0}
        bars={rows.map((row) => ({
          key: row.category,
          label: names.category(row.category),
          said: text().openSaid(row.total, inWords(row)),
          parts: AGES.map((age) => ({ kind: age, value: row.ages[age] })),
        }))}
      />
    </Chart>
  );
}

function inWords({ ages }: AgeRow): string[] {
  return AGES.filter((age) => ages[age] > 0).map((age) =>
    text().ageSaid(ages[age], text().ages[age]),
  );
}
