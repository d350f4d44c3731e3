/** The filters of the list, as chips. */

import { useState } from 'preact/hooks';

import { colon } from '../../shared/language.ts';
import { isDay } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { words } from '../words.ts';
import { countOf, type Filters, isReversed, NO_FILTERS } from './filters.ts';
import { queueTexts } from './texts.ts';

const STATUSES = ['new', 'acknowledged', 'in_progress', 'closed', 'withdrawn'] as const;
const URGENCIES = ['critical', 'high', 'normal', 'low'] as const;

const REVERSED = 'filters-reversed';

interface BarProps {
  filters: Filters;
  onChange: (filters: Filters) => void;
}

export function FilterBar({ filters, onChange }: BarProps) {
  const t = queueTexts();
  const { names } = useDesk();
  const w = words();
  const set = (change: Partial<Filters>) => onChange({ ...filters, ...change });
  const codes = (items: { code: string; label: string }[] | undefined) =>
    (items ?? []).map(({ code, label }): [string, string] => [code, label]);
  const catalogue = names.catalogue.value;
  const [isOpen, setOpen] = useState(false);
  const days = isOpen || filters.from !== '' || filters.until !== '';
  const reversed = isReversed(filters);
  const showDays = (on: boolean) => {
    setOpen(on);
    if (!on && (filters.from || filters.until)) set({ from: '', until: '' });
  };
  return (
    <div class="filters" role="group" aria-label={t.narrow}>
      <Toggle
        label={t.needsAction}
        on={filters.needsAction}
        toggle={(needsAction) => set({ needsAction })}
      />
      <Toggle label={t.unread} on={filters.unread} toggle={(unread) => set({ unread })} />
      <Toggle
        label={t.mine}
        on={filters.whose === 'me'}
        toggle={(on) => set({ whose: on ? 'me' : '' })}
      />
      <Toggle
        label={t.nobodys}
        on={filters.whose === 'nobody'}
        toggle={(on) => set({ whose: on ? 'nobody' : '' })}
      />
      <Choice
        label={t.category}
        value={filters.category}
        options={codes(catalogue?.categories)}
        choose={(category) => set({ category })}
      />
      <Choice
        label={t.status}
        value={filters.status}
        options={STATUSES.map((code) => [code, w.status[code]])}
        choose={(status) => set({ status: status as Filters['status'] })}
      />
      <Choice
        label={t.urgency}
        value={filters.urgency}
        options={URGENCIES.map((code) => [code, w.urgency[code]])}
        choose={(urgency) => set({ urgency: urgency as Filters['urgency'] })}
      />
      <Choice
        label={t.district}
        value={filters.district}
        options={codes(catalogue?.districts)}
        choose={(district) => set({ district })}
      />
      <Toggle label={t.days} on={days} toggle={showDays} />
      {days && (
        <>
          <Day
            label={t.from}
            value={filters.from}
            isWrong={reversed}
            choose={(from) => set({ from })}
          />
          <Day
            label={t.until}
            value={filters.until}
            isWrong={reversed}
            choose={(until) => set({ until })}
          />
          <p class="field__error" id={REVERSED} role="status">
            {reversed && t.reversed}
          </p>
        </>
      )}
      <label class="chip">
        <span class="hidden-visually">{t.order}</span>
        <select
          value={filters.sort}
          onChange={(event) => set({ sort: event.currentTarget.value as Filters['sort'] })}
        >
          <option value="attention">{t.attention}</option>
          <option value="newest">{t.newest}</option>
        </select>
      </label>
      {countOf(filters) > 0 && (
        <button
          type="button"
          class="button button--quiet"
          onClick={() => onChange({ ...NO_FILTERS, sort: filters.sort })}
        >
          {t.clear}
        </button>
      )}
    </div>
  );
}

interface ToggleProps {
  label: string;
  on: boolean;
  toggle: (on: boolean) => void;
}

function Toggle({ label, on, toggle }: ToggleProps) {
  return (
    <button type="button" class="chip" aria-pressed={on} onClick={() => toggle(!on)}>
      {label}
    </button>
  );
}

interface DayProps {
  label: string;
  value: string;
  choose: (value: string) => void;
}

function Day({ label, value, isWrong, choose }: DayProps & { isWrong: boolean }) {
  return (
    <label class="chip" data-on={value !== '' || undefined}>
      <span>
        {label}
        {colon()}
      </span>
      <input
        type="date"
        value={value}
        aria-invalid={isWrong}
        aria-describedby={isWrong ? REVERSED : undefined}
        onInput={({ currentTarget: { value: day } }) => {
          if (day !== value && (day === '' || isDay(day))) choose(day);
        }}
      />
    </label>
  );
}

interface ChoiceProps extends DayProps {
  options: [string, string][];
}

function Choice({ label, value, options, choose }: ChoiceProps) {
  const t = queueTexts();
  return (
    <label class="chip" data-on={value !== '' || undefined}>
      <span>
        {label}
        {colon()}
      </span>
      <select value={value} onChange={(event) => choose(event.currentTarget.value)}>
        <option value="">{t.all}</option>
        {options.map(([code, text]) => (
          <option key={code} value={code}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
