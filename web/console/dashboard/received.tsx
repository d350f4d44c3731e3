import { labelled, sentences } from '../../shared/joined.ts';
import { day } from '../parts/days.ts';
import { Chart } from './chart.tsx';
import { type Column, columns, type Statistics, ticks } from './figures.ts';
import { text } from './texts.ts';

const MOST_COLUMNS = 31;
const HEIGHT = 160;
const TOP = 20;

/** How many reports came in, day by day; several days in a column when there are many. */
export function Received({ statistics }: { statistics: Statistics }) {
  const found = columns(statistics, MOST_COLUMNS);
  const sum = found.reduce((total, column) => total + column.count, 0);
  const most = found.reduce<Column | null>(
    (best, column) => (best === null || column.count > best.count ? column : best),
    null,
  );
  const said = sentences(
    text().daySaid(sum, day(statistics.since), day(statistics.until)),
    ...(most && sum > 0 ? [text().dayMost(most.count, when(most))] : []),
  );
  return (
    <Chart title={text().dayTitle}>
      <p>{said}</p>
      <Picture columns={found} said={said} />
      <details>
        <summary>{text().figures}</summary>
        <ul class="figures">
          {found.map((column) => (
            <li key={column.first}>
              {labelled(when(column), String(column.count))}
            </li>
          ))}
        </ul>
      </details>
    </Chart>
  );
}

function Picture({ columns: found, said }: { columns: readonly Column[]; said: string }) {
  const lines = ticks(Math.max(0, ...found.map((column) => column.count)));
  const top = lines[lines.length - 1] || 1;
  const y = (value: number): number => TOP + (HEIGHT - TOP - 4) * (1 - value / top);
  const width = 100 / Math.max(1, found.length);
  return (
    <div class="columns">
      <svg width="100%" height={HEIGHT} role="img" aria-label={said}>
        {lines.map((value) => (
          <g key={value}>
            <line class="axis" x1="0" x2="100%" y1={y(value)} y2={y(value)} />
            <text class="axis__label" x="0" y={y(value) - 3}>
              {value}
            </text>
          </g>
        ))}
        {found.map((column, index) => (
          <rect
            key={column.first}
            class="column"
            x={`${index * width + width * 0.15}%`}
            width={`${width * 0.7}%`}
            y={y(column.count)}
            height={Math.max(0, y(0) - y(column.count))}
          />
        ))}
      </svg>
      <div class="columns__ends" aria-hidden="true">
        <span>{found[0] && day(found[0].first)}</span>
        <span>{day(found[found.length - 1]?.last ?? '')}</span>
      </div>
    </div>
  );
}

function when({ first, last }: Column): string {
  return first === last ? day(first) : `${day(first)} – ${day(last)}`;
}
