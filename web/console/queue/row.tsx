/** A report in a list: one link, and the two steps that need no look inside. */

import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';

import { ago, clock, span } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { Icon } from '../frame/icon.tsx';
import { Cover } from '../parts/covered.tsx';
import { pathTo } from '../router.ts';
import type { Selection } from '../parts/selection.ts';
import type { ListedReport } from '../types.ts';
import { words, wordFor } from '../words.ts';
import { queueTexts } from './texts.ts';

export type QuickStep = 'acknowledge' | 'take';

interface RowProps {
  row: ListedReport;
  now: number;
  gone?: boolean;
  onStep?: (step: QuickStep, row: ListedReport) => void;
  /** Whether it stands for several reports of its incident, which it opens then. */
  several?: boolean;
  /** Where several can be chosen. */
  selection?: Selection | undefined;
  /** Below it. */
  children?: ComponentChildren;
}

export function Row({ row, now, gone = false, several = false, onStep, selection, children }: RowProps) {
  const { names } = useDesk();
  return (
    <li
      class="report-row"
      data-urgency={isOpen(row) ? row.urgency : undefined}
      data-id={row.id}
      data-gone={gone || undefined}
      data-chosen={selection?.has(row.id)}
    >
      {selection && <Choose row={row} selection={selection} />}
      <Thumbnail row={row} />
      <div class="report-row__what">
        <a class="report-row__link" href={pathTo(several && row.incident ? `incidents/${row.incident.id}` : `reports/${row.id}`)}>
          {names.category(row.category)} <span class="reference">{row.reference}</span>
        </a>
        {row.gist !== null && <p class="report-row__gist">{row.gist}</p>}
        <Tags row={row} gone={gone} />
      </div>
      <Where row={row} now={now} />
      <Whose row={row} />
      {onStep && !gone && <Steps row={several ? null : row} onStep={onStep} />}
      {children && <div class="report-row__below">{children}</div>}
    </li>
  );
}

function Choose({ row, selection }: { row: ListedReport; selection: Selection }) {
  return (
    <label class="report-row__choose">
      <input
        type="checkbox"
        aria-label={queueTexts().choose(row.reference)}
        checked={selection.has(row.id)}
        onClick={(event) => selection.toggle(row.id, event.shiftKey)}
      />
    </label>
  );
}

/** A step counts as having read what the reporter wrote, so it needs a look inside first. */
export function isToBeRead(row: ListedReport): boolean {
  return row.unread > 0;
}

function isOpen({ status }: ListedReport): boolean {
  return status !== 'closed' && status !== 'withdrawn';
}

function Thumbnail({ row }: { row: ListedReport }) {
  return (
    <div class="report-row__thumbnail">
      {row.thumbnail_url !== null ? (
        <Cover
          category={row.category}
          label={row.reference}
          small
          onSeen={(button) => button.closest('li')?.querySelector('a')?.focus()}
        >
          <img src={row.thumbnail_url} alt="" loading="lazy" decoding="async" width={56} height={56} />
        </Cover>
      ) : (
        row.media.total > 0 && <Icon name="picture" />
      )}
    </div>
  );
}

function Where({ row, now }: { row: ListedReport; now: number }) {
  const t = queueTexts();
  const { names } = useDesk();
  return (
    <p class="report-row__facts">
      <span>{names.district(row.district)}</span>
      <time dateTime={row.received_at} title={clock(row.received_at)}>
        {ago(row.received_at, now)}
      </time>
      <span>{clock(row.received_at)}</span>
      {row.media.total > 0 && (
        <span class="report-row__media">
          <Icon name="picture" />
          {t.media(row.media.total)}
        </span>
      )}
      {row.bulletin_id !== null && <span>{t.lead}</span>}
    </p>
  );
}

function Tags({ row, gone }: { row: ListedReport; gone: boolean }) {
  const t = queueTexts();
  const w = words();
  return (
    <p class="report-row__tags">
      {gone && <span class="tag">{t.gone}</span>}
      {row.urgency !== 'normal' && (
        <span class={isOpen(row) ? `tag tag--${row.urgency}` : 'tag'}>{w.urgency[row.urgency]}</span>
      )}
      {row.source === 'drill' && <span class="tag tag--drill">{w.source.drill}</span>}
      {row.unread > 0 && (
        <span class="tag tag--alert">
          <Icon name="message" />
          {t.unreadCount(row.unread)}
        </span>
      )}
      {flagsOf(row).map((flag) => (
        <span key={flag} class={flag === 'overdue' ? 'tag tag--alert' : 'tag'}>
          {wordFor(w.flag, flag)}
        </span>
      ))}
      {row.due.map((each) => (
        <span key={each} class="tag tag--alert">
          {wordFor(w.due, each)}
        </span>
      ))}
      {row.awaits.map((step) => (
        <span key={step} class="tag">
          {step === 'closing' ? <ProposedEnd row={row} /> : wordFor(w.awaits, step)}
        </span>
      ))}
      {row.same_text && <SameText same={row.same_text} />}
      {row.incident && (
        <a class="tag" href={pathTo(`incidents/${row.incident.id}`)}>
          {t.incident(row.incident.count, row.stands_for)}
        </a>
      )}
    </p>
  );
}

/** That an end waits, and who has proposed it. */
function ProposedEnd({ row }: { row: ListedReport }) {
  const { names } = useDesk();
  const { end_proposed_by: by, category, district } = row;
  useEffect(() => {
    if (by) names.learn(by, category, district);
  }, [names, by, category, district]);
  return <>{by ? queueTexts().endProposed(names.officer(by)) : words().awaits.closing}</>;
}

function SameText({ same }: { same: NonNullable<ListedReport['same_text']> }) {
  const t = queueTexts();
  return (
    <>
      <span class="tag">{t.same(same.count)}</span>
      <span class="tag">{span(same.first_at, same.last_at)}</span>
      <span class="tag">{t.samePlace(same.one_place)}</span>
    </>
  );
}

/** A referral that waits is one thing, whether as a flag or as a step that awaits its second person. */
function flagsOf({ flags, awaits }: ListedReport): ListedReport['flags'] {
  return awaits.includes('referral') ? flags.filter((flag) => flag !== 'referred') : flags;
}

function Whose({ row }: { row: ListedReport }) {
  const t = queueTexts();
  const { me, names } = useDesk();
  const { assignee, category, district } = row;
  useEffect(() => {
    if (assignee !== null) names.learn(assignee, category, district);
  }, [names, assignee, category, district]);
  const nobody = isOpen(row) ? t.unassigned : '';
  const whose =
    assignee === null
      ? nobody
      : assignee === me.username
        ? t.toMe
        : t.assignedTo(names.officer(assignee));
  return (
    <div class="report-row__state">
      <span class={`status-dot status-dot--${row.status}`}>
        {wordFor(words().status, row.status)}
      </span>
      {whose && <span class="hint">{whose}</span>}
    </div>
  );
}

interface StepsProps {
  /** None where a step would be on one of several. */
  row: ListedReport | null;
  onStep: NonNullable<RowProps['onStep']>;
}

function Steps({ row, onStep }: StepsProps) {
  const t = queueTexts();
  const { me } = useDesk();
  if (row === null || isToBeRead(row)) return <div class="report-row__steps" />;
  return (
    <div class="report-row__steps">
      {row.status === 'new' && (
        <button
          type="button"
          class="button"
          aria-label={t.acknowledgeOf(row.reference)}
          onClick={() => onStep('acknowledge', row)}
        >
          {t.acknowledge}
        </button>
      )}
      {isOpen(row) && row.assignee !== me.username && (
        <button
          type="button"
          class="button"
          aria-label={t.takeOf(row.reference)}
          onClick={() => onStep('take', row)}
        >
          {t.take}
        </button>
      )}
    </div>
  );
}
