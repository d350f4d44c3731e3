import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

import { gap, labelled, listed, sentences } from '../../shared/language.ts';
import { ago, day, month } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { pathTo } from '../router.ts';
import { wordFor, words } from '../words.ts';
import {
  type AgeRow,
  AGES,
  type Column,
  columns,
  duration,
  helped,
  onLogScale,
  openByAge,
  type Statistics,
  ticks,
  wholeMonths,
} from './figures.ts';
import { text } from './texts.ts';
import './bars.css';

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

// The marks of the scale, in seconds; their names are in the texts, in the same order.
const MARKS_S = [10, 60, 600, 3_600, 86_400, 604_800];
const BAR_HEIGHT = 52;
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
      <svg width="100%" height={BAR_HEIGHT} focusable="false">
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
          said: text().openSaid(row.total, ageInWords(row)),
          parts: AGES.map((age) => ({ kind: age, value: row.ages[age] })),
        }))}
      />
    </Chart>
  );
}

function ageInWords({ ages }: AgeRow): string[] {
  return AGES.filter((age) => ages[age] > 0).map((age) =>
    text().ageSaid(ages[age], text().ages[age]),
  );
}

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

/** What reporters answered when their reports were closed. */
export function Helped({ statistics }: { statistics: Statistics }) {
  const { names } = useDesk();
  const rows = helped(statistics.helped);
  const months = wholeMonths(statistics.since, statistics.until, statistics.today);
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
          <BarPicture parts={bar.parts} highest={highest} />
          <span class="bars__said">{bar.said}</span>
        </li>
      ))}
    </ul>
  );
}

function BarPicture({ parts, highest }: { parts: Bar['parts']; highest: number }) {
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

/** A chart with its title. */
export function Chart({ title, children }: { title: string; children: ComponentChildren }) {
  const id = useId();
  return (
    <section class="card" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}
