import { byDay, DAY_MINUTES, gaps, type Interval, moment, type NewShift, turns, WEEKDAYS } from './plan.ts';
import { text } from './texts.ts';

const LANE = 22;
const HOURS = [0, 6, 12, 18, 24];

/** A week of the plan as a picture, and in words when nobody is on duty. */
export function Week({
  shifts,
  unreachable,
}: {
  shifts: readonly NewShift[];
  unreachable: readonly string[];
}) {
  const t = text().shifts;
  if (shifts.length === 0) return null;
  const open = gaps(shifts, unreachable);
  return (
    <section class="card" aria-labelledby="week">
      <h2 id="week">{t.week}</h2>
      <div aria-hidden="true">
        <div class="week__hours">
          {HOURS.map((hour) => (
            <span key={hour}>{hour}</span>
          ))}
        </div>
        {WEEKDAYS.map((weekday, day) => (
          <div class="week__day" key={weekday}>
            <span>{t.days[weekday]}</span>
            <Day day={day} shifts={shifts} open={open} />
          </div>
        ))}
      </div>
      {open.length === 0 ? (
        <p>{t.noGaps}</p>
      ) : (
        <>
          <p>
            <strong>{t.gaps}</strong>
          </p>
          <ul class="week__gaps">
            {open.map((gap) => (
              <li key={gap.start}>{inWords(gap)}</li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

interface DayProps {
  day: number;
  shifts: readonly NewShift[];
  open: readonly Interval[];
}

/** The shifts of a day, one below the other, and hatched below them when nobody is on duty. */
function Day({ day, shifts, open }: DayProps) {
  const height = shifts.length * LANE + 8;
  return (
    <svg class="week__picture" width="100%" height={height} focusable="false">
      <pattern id={`hatch-${day}`} width="8" height="8" patternUnits="userSpaceOnUse">
        <path class="week__hatch" d="M0 8L8 0" />
      </pattern>
      {open.flatMap(byDay).filter((part) => part.day === day).map((part) => (
        <rect
          key={`gap-${part.from}`}
          class="week__gap"
          fill={`url(#hatch-${day})`}
          x={percent(part.from)}
          width={percent(part.to - part.from)}
          y="0"
          height={height}
        />
      ))}
      {shifts.flatMap((shift, lane) =>
        turns(shift).flatMap(byDay).filter((part) => part.day === day).map((part) => (
          <svg
            key={`${lane}-${part.from}`}
            x={percent(part.from)}
            width={percent(part.to - part.from)}
            y={lane * LANE + 4}
            height={LANE - 2}
          >
            <rect class={shift.officers.length ? 'week__shift' : 'week__shift week__shift--empty'} width="100%" height="100%" rx="3" />
            <text class={shift.officers.length ? 'week__name' : 'week__name week__name--empty'} x="4" y={LANE - 8}>
              {shift.name}
            </text>
          </svg>
        )),
      )}
    </svg>
  );
}

function percent(minutes: number): string {
  return `${(100 * minutes) / DAY_MINUTES}%`;
}

function inWords(gap: Interval): string {
  const t = text().shifts;
  const from = moment(gap.start);
  const to = moment(gap.end);
  return `${t.days[from.weekday]} ${from.time} – ${t.days[to.weekday]} ${to.time}`;
}
