import { useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { ErrorSummary } from '../../shared/components/error-summary.tsx';
import { Form, TextField } from '../../shared/components/field.tsx';
import { language } from '../../shared/language.ts';
import { useDesk } from '../desk.ts';
import { ok, useLoaded, Waiting } from '../parts/asking.tsx';
import { type Filters, NO_FILTERS } from '../queue/filters.ts';
import { type Pulse, seesReports } from '../types.ts';
import { pathTo } from '../router.ts';
import { Closings } from './closings.tsx';
import { Acknowledgement, Endings, Helped, OpenByAge, Received } from './charts.tsx';
import {
  type End,
  type Faults,
  faultsIn,
  LONGEST_DAYS,
  type Period,
  period,
  type Statistics,
} from './figures.ts';
import { Handover } from './handover.tsx';
import { Level, LevelOfService } from './level.tsx';
import { text } from './texts.ts';
import { Weeks } from './weeks.tsx';
import '../parts/lists.css';
import './dashboard.css';

/** The figures of the officer's scope, as pictures, and the handover of a shift. */
export function DashboardPage() {
  const { me } = useDesk();
  return (
    <div class="dashboard">
      <h1>{text().title}</h1>
      {seesReports(me) ? (
        <Figures />
      ) : (
        <>
          <p>{text().onlyAdmin}</p>
          <LevelOfService />
        </>
      )}
    </div>
  );
}

function Figures() {
  const { api, me, pulse } = useDesk();
  const [shown, setShown] = useState<Period | null>(null);
  const { loaded, again } = useLoaded(
    () => ok(api.GET('/v1/officer/stats', { params: { query: shown ?? {} } })),
    [shown?.since, shown?.until, language.value].join(),
  );
  // Not before the charts, which would push it down; but what it shows outlives another period.
  const charted = useRef(false);
  charted.current ||= loaded.state !== 'loading';
  // The buttons of the periods stay while another one is read.
  const latest = useRef<Statistics | null>(null);
  latest.current = loaded.value ?? latest.current;
  const mayFlood = me.roles.some((role) => role !== 'officer');
  return (
    <>
      <Tiles pulse={pulse.pulse.value} />
      {latest.current && (
        <Periods today={latest.current.today} shown={shown ?? latest.current} onShow={setShown} />
      )}
      <Waiting loaded={loaded} again={again}>
        {(statistics) => (
          <div class="dashboard__charts">
            <OpenByAge statistics={statistics} />
            <Received statistics={statistics} />
            <Acknowledgement statistics={statistics} />
            <Helped statistics={statistics} />
            <Endings statistics={statistics} />
            <Level state={statistics.load_level} again={again} mayChange={mayFlood} />
          </div>
        )}
      </Waiting>
      {charted.current && <Handover />}
      {charted.current && me.roles.includes('supervisor') && <Closings />}
      {charted.current && me.roles.includes('supervisor') && <Weeks />}
    </>
  );
}

const DAYS = [7, 30, 90, 365];

interface PeriodsProps {
  /** The present day in the city. */
  today: string;
  shown: Period;
  onShow: (period: Period) => void;
}

/** Which days the charts are about. */
export function Periods({ today, shown, onShow }: PeriodsProps) {
  const [isOther, setOther] = useState(false);
  return (
    <section aria-labelledby="period" class="periods">
      <h2 id="period">{text().period}</h2>
      <div class="row">
        {DAYS.map((days) => {
          const last = period(today, days);
          const isShown = !isOther && last.since === shown.since && last.until === shown.until;
          return (
            <Button
              key={days}
              aria-pressed={isShown}
              onClick={() => {
                setOther(false);
                onShow(last);
              }}
            >
              {text().lastDays(days)}
            </Button>
          );
        })}
        <Button aria-pressed={isOther} aria-expanded={isOther} onClick={() => setOther(!isOther)}>
          {text().otherPeriod}
        </Button>
      </div>
      {isOther && <OtherDays shown={shown} today={today} onShow={onShow} />}
      <p class="hint">{text().days}</p>
    </section>
  );
}

const ENDS: readonly End[] = ['since', 'until'];

interface OtherDaysProps {
  /** The present day in the city. */
  today: string;
  shown: Period;
  onShow: (period: Period) => void;
}

/** Any two days. What is shown stays until both are such as the API takes. */
export function OtherDays({ today, shown, onShow }: OtherDaysProps) {
  const [days, setDays] = useState<Period>({ since: shown.since, until: shown.until });
  const [said, setSaid] = useState<Faults>({});
  const now = faultsIn(days, today);
  // Half a year that is being typed is no new fault; what is put right is none any more.
  const error = (end: End) => {
    const fault = said[end];
    return fault && fault === now[end] ? text().faults[fault](LONGEST_DAYS) : null;
  };
  const submit = () => {
    setSaid(now);
    if (!now.since && !now.until) onShow(days);
  };
  const label = (end: End) => (end === 'since' ? text().from : text().to);
  return (
    <Form class="periods__other" onSubmit={submit}>
      <ErrorSummary
        errors={ENDS.flatMap((end) => {
          const line = error(end);
          return line ? [{ field: idOf(end), label: label(end), text: line }] : [];
        })}
      />
      <div class="row">
        {ENDS.map((end) => (
          <TextField
            key={end}
            id={idOf(end)}
            label={label(end)}
            error={error(end)}
            type="date"
            max={today}
            value={days[end]}
            onValue={(value) => setDays({ ...days, [end]: value })}
          />
        ))}
        <Button type="submit">{text().show}</Button>
      </div>
    </Form>
  );
}

function idOf(end: End): string {
  return `period-${end}`;
}

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
