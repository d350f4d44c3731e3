import { gap } from '../../shared/joined.ts';
import { useDesk } from '../desk.ts';
import { ago } from '../moments.ts';
import { pathTo } from '../router.ts';
import { Chart } from './chart.tsx';
import { duration, onLogScale, type Statistics } from './figures.ts';
import { text } from './texts.ts';

// The marks of the scale, in seconds; their names are in the texts, in the same order.
const MARKS_S = [10, 60, 600, 3_600, 86_400, 604_800];
const HEIGHT = 52;
const LINE = 16;
const NAMES = 48;

/** How long reports wait until an officer takes care of them. */
export function Acknowledgement({ statistics }: { statistics: Statistics }) {
  const { count, median_s: median, p90_s: ninety } = statistics.first_acknowledgement;
  return (
    <Chart title={text().ackTitle}>
      {median === null || ninety === null ? (
        <p>{text().ackNone}</p>
      ) : (
        <>
          <p>{text().ackCount(count)}</p>
          <p class="figure">
            <Dot /> {text().half} <strong>{inWords(median)}</strong>
          </p>
          <p class="figure">
            <Square /> {text().ninety} <strong>{inWords(ninety)}</strong>
          </p>
          <Scale median={median} ninety={ninety} />
          <p class="hint">{text().accuracy}</p>
        </>
      )}
      <Oldest statistics={statistics} />
    </Chart>
  );
}

function Scale({ median, ninety }: { median: number; ninety: number }) {
  const at = (seconds: number): string => `${6 + 86 * onLogScale(seconds)}%`;
  return (
    <div class="scale" aria-hidden="true">
      <svg width="100%" height={HEIGHT} focusable="false">
        <line class="scale__line" x1="6%" x2="92%" y1={LINE} y2={LINE} />
        {MARKS_S.map((mark, index) => (
          <g key={mark}>
            <line class="scale__line" x1={at(mark)} x2={at(mark)} y1={LINE - 6} y2={LINE + 6} />
            <text class="scale__name" x={at(mark)} y={NAMES}>
              {text().marks[index]}
            </text>
          </g>
        ))}
        <line class="scale__range" x1={at(median)} x2={at(ninety)} y1={LINE} y2={LINE} />
        <svg x={at(median)} y={LINE} overflow="visible">
          <circle class="scale__mark" r="7" />
        </svg>
        <svg x={at(ninety)} y={LINE} overflow="visible">
          <rect class="scale__mark scale__mark--open" x="-10" y="-10" width="20" height="20" />
        </svg>
      </svg>
    </div>
  );
}

function Oldest({ statistics }: { statistics: Statistics }) {
  const { names } = useDesk();
  const oldest = statistics.oldest_unacknowledged;
  if (oldest === null) return null;
  return (
    <p>
      {text().waitingLongest}
      {gap()}
      <a href={pathTo(`reports/${oldest.id}`)}>{oldest.reference}</a> ·{' '}
      {names.category(oldest.category)} · {text().since(ago(oldest.received_at, Date.now()))}
    </p>
  );
}

function Dot() {
  return (
    <svg class="legend" width="18" height="18" aria-hidden="true" focusable="false">
      <circle class="scale__mark" cx="9" cy="9" r="7" />
    </svg>
  );
}

function Square() {
  return (
    <svg class="legend" width="18" height="18" aria-hidden="true" focusable="false">
      <rect class="scale__mark scale__mark--open" x="2" y="2" width="14" height="14" />
    </svg>
  );
}

/** Return a time in words, in at most two units. */
export function inWords(seconds: number): string {
  return duration(seconds)
    .map(({ unit, value }) => text().units[unit](value))
    .join(' ');
}
