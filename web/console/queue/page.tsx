/** The queue: what needs somebody, in the order in which it does. */

import { useEffect, useRef, useState } from 'preact/hooks';

import { Button, Spinner } from '../../shared/components/button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { Status } from '../../shared/components/status.tsx';
import { useSaid } from '../../shared/language.ts';
import { BurstRow } from '../bursts/row.tsx';
import { useDesk } from '../desk.ts';
import { ExportDialog } from '../export/dialog.tsx';
import { Icon } from '../frame/icon.tsx';
import { Events } from '../incidents/events.tsx';
import { now } from '../parts/moment.tsx';
import type { Asked } from '../parts/many.tsx';
import type { Selection } from '../parts/selection.ts';
import { UNDO } from '../parts/undo.tsx';
import { go, path, pathTo } from '../router.ts';
import { changeReport } from '../calls.ts';
import type { ListedReport } from '../types.ts';
import { Chosen } from './chosen.tsx';
import { FilterBar } from './filter-bar.tsx';
import {
  countOf,
  exportedBy,
  filtersOf,
  leavesOutDone,
  notExportedBy,
  queryOf,
} from './filters.ts';
import { Find } from './find.tsx';
import { type Action, chooseBy, focusedReport, ListHelp, moveFocus, useKeys } from './shortcuts.tsx';
import { isSeveral, type ReportList } from './list.ts';
import { isToBeRead, type QuickStep, Row } from './row.tsx';
import { queueTexts } from './texts.ts';
import './queue.css';

export function QueuePage() {
  const t = queueTexts();
  const { list, me, walk } = useDesk();
  const [dialog, setDialog] = useState<'help' | 'export' | null>(null);
  const [asked, ask] = useState<Asked | null>(null);
  const close = () => setDialog(null);
  useEffect(() => {
    walk.value = null;
  }, [walk]);
  const act = (action: Action) => {
    if (action === 'help') setDialog('help');
    if (action === 'find') document.getElementById('find')?.focus();
    if (action === 'undo') document.getElementById(UNDO)?.click();
    const ids = list.selection.ids.value;
    const step = ({ acknowledge: 'acknowledged', take: 'assign' } as const)[action as QuickStep];
    if (ids.length > 0 && (step || action === 'step')) ask({ ids, count: ids.length, ...(step && { step }) });
  };
  return (
    <>
      <div class="queue-head">
        <h1>{t.title}</h1>
        <Counts />
        <div class="queue-head__bar">
          <Find />
          <div class="queue-head__tools">
            <a class="button" href={pathTo('new')}>
              <Icon name="plus" />
              {t.enter}
            </a>
            <SoundSwitch />
            <Button class="queue-head__keys" title={t.keys} onClick={() => setDialog('help')}>
              <Icon name="keyboard" />
              <span class="queue-head__word" aria-hidden="true">
                {t.keys}
              </span>
              <span class="hidden-visually">{t.keys}</span>
            </Button>
            <Button kind="quiet" onClick={() => setDialog('export')}>
              {t.export}
            </Button>
          </div>
        </div>
      </div>
      <FilterBar filters={list.filters.value} onChange={(filters) => void list.narrow(filters)} />
      <Events onTaken={() => void list.load()} />
      <LiveList list={list} act={act} choosable />
      <Chosen list={list} asked={asked} ask={ask} />
      <ListHelp open={dialog === 'help'} onClose={close} />
      <ExportDialog
        open={dialog === 'export'}
        onClose={close}
        what={{
          filters: exportedBy(queryOf(list.filters.value, me.username)),
          days: list.filters.value,
          wider: notExportedBy(list.filters.value),
        }}
      />
    </>
  );
}

interface LiveListProps {
  list: ReportList;
  /** Do what a key asks for that is not about the rows. */
  act?: (action: Action) => void;
  /** Whether several rows can be chosen. */
  choosable?: boolean;
}

/** The rows of a list, which is read again by itself, with their steps and keys. */
export function LiveList({ list, act, choosable = false }: LiveListProps) {
  const [said, setSaid] = useSaid('');
  useForgetting(said, setSaid);
  const filters = list.filters.value;
  useEffect(() => setSaid(''), [filters, setSaid]);
  const rows = useRef<HTMLOListElement>(null);
  const selection = choosable ? list.selection : undefined;
  const take = useQuickSteps(list, setSaid);
  const { me } = useDesk();
  // A colleague's is not taken from them by one key.
  const [theirs, setTheirs] = useState<ListedReport | null>(null);
  const step = async (which: QuickStep, row: ListedReport) => {
    const isTheirs = row.assignee !== null && row.assignee !== me.username;
    if (which === 'take' && isTheirs && !isSeveral(row)) setTheirs(row);
    else await take(which, row);
  };
  useFreshList(list, rows);
  useKeys((action) => {
    if (action === 'next') moveFocus(rows.current, 1);
    if (action === 'previous') moveFocus(rows.current, -1);
    const row = list.rows.value?.find(({ id }) => id === focusedReport());
    const isOfOne = !selection?.ids.value.length;
    if (row && isOfOne && (action === 'acknowledge' || action === 'take')) void step(action, row);
    act?.(action);
  });
  useEffect(() => {
    const isNot = () => setSaid(() => queueTexts().several);
    const pressed = (event: KeyboardEvent) => selection && chooseBy(event, selection, isNot);
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, [selection, setSaid]);
  return (
    <>
      <News list={list} rows={rows} said={said} />
      <Rows
        list={list}
        listRef={rows}
        selection={selection}
        onStep={(which, row) => void step(which, row)}
      />
      <TakeOver row={theirs} take={(row) => take('take', row)} onClose={() => setTheirs(null)} />
    </>
  );
}

interface TakeOverProps {
  /** The report of a colleague, while it is asked. */
  row: ListedReport | null;
  take: (row: ListedReport) => Promise<void>;
  onClose: () => void;
}

function TakeOver({ row, take, onClose }: TakeOverProps) {
  const t = queueTexts();
  const { names } = useDesk();
  const goOn = () => {
    onClose();
    if (row) void take(row);
  };
  const name = row?.assignee ? names.officer(row.assignee) : '';
  return (
    <Dialog open={row !== null} title={t.takeOver.title(row?.reference ?? '', name)} onClose={onClose}>
      <p>{t.takeOver.what(name)}</p>
      <div class="row">
        <Button kind="primary" onClick={onClose}>
          {t.takeOver.leave(name)}
        </Button>
        <Button onClick={goOn}>{t.take}</Button>
      </div>
    </Dialog>
  );
}

function Counts() {
  const t = queueTexts();
  const { pulse } = useDesk();
  // Until they are known they take their room: nothing moves when they come.
  const counts = pulse.pulse.value?.counts;
  const names = ['critical', 'overdue', 'unread', 'new', 'open'] as const;
  return (
    <dl class="counts" aria-label={t.countsTitle}>
      {names.map((name) => (
        <div key={name} data-alert={(name === 'critical' && counts?.critical) || undefined}>
          <dt>{t.counts[name]}</dt>
          <dd>{counts?.[name] ?? '–'}</dd>
        </div>
      ))}
    </dl>
  );
}

function SoundSwitch() {
  const t = queueTexts();
  const { sound } = useDesk();
  const on = sound.on.value;
  return (
    <Button aria-pressed={on} title={t.sound(on)} onClick={() => void sound.toggle()}>
      <Icon name={on ? 'sound' : 'silent'} />
      <span class="queue-head__word" aria-hidden="true">
        {t.soundWord}
      </span>
      <span class="hidden-visually">{t.sound(on)}</span>
    </Button>
  );
}

interface NewsProps {
  list: ReportList;
  rows: { current: HTMLOListElement | null };
  /** What came of the officer's last step. */
  said: string;
}

/**
 * What has come in meanwhile: shown when the officer wants it, so that no row moves by itself. What
 * came of a step has the same room: a second press hits what the hand was on.
 */
function News({ list, rows, said }: NewsProps) {
  const t = queueTexts();
  const begun = list.begun.value > 0;
  const waiting = begun || list.added.value > 0 || list.moved.value || list.gone.value.size > 0;
  const show = () => {
    list.show();
    scrollTo(0, 0);
    // The button is gone now: the focus goes where the new ones are.
    requestAnimationFrame(() => {
      rows.current?.querySelector<HTMLElement>('.report-row__link')?.focus({ preventScroll: true });
    });
  };
  return (
    <div class="news" role="status">
      {waiting && (
        <Button kind={begun || list.critical.value > 0 ? 'danger' : 'primary'} onClick={show}>
          {begun ? t.showBurst : t.show(list.added.value, list.critical.value, list.addedMore.value)}
        </Button>
      )}
      {said && <span class="news__said">{said}</span>}
      {list.arrived.value > 0 && (
        <span class="hidden-visually">{t.arrived(list.arrived.value)}</span>
      )}
    </div>
  );
}

interface RowsProps {
  list: ReportList;
  listRef: { current: HTMLOListElement | null };
  selection: Selection | undefined;
  onStep: (step: QuickStep, row: ListedReport) => void;
}

function Rows({ list, listRef, selection, onStep }: RowsProps) {
  const t = queueTexts();
  const rows = list.rows.value;
  if (list.failure.value && rows === null) {
    return (
      <div class="card queue-note">
        <h2>{t.failed}</h2>
        <p role="alert">{list.failure.value.text}</p>
        <Button kind="primary" onClick={() => void list.load()}>
          {t.again}
        </Button>
      </div>
    );
  }
  if (rows === null) {
    return (
      <p class="queue-note" role="status">
        <Spinner /> {t.loading}
      </p>
    );
  }
  const gone = list.gone.value;
  const bursts = list.bursts.value;
  const isEmpty = rows.length === 0 && list.next.value === null && !bursts?.length;
  return (
    <>
      <Status kind="error">{bursts === null && t.burstsFailed}</Status>
      {isEmpty && <Nothing list={list} />}
      <ol class="report-list" ref={listRef}>
        {bursts?.map((burst) => (
          <BurstRow key={burst.id} burst={burst} />
        ))}
        {rows.map((row) => (
          <Row
            key={row.id}
            row={row}
            now={now.value}
            gone={gone.has(row.id)}
            several={isSeveral(row)}
            selection={list.isOne(row) ? selection : undefined}
            onStep={onStep}
          />
        ))}
      </ol>
      {list.next.value !== null ? (
        <p class="queue-note">
          <Button busy={list.loading.value} onClick={() => void list.more()}>
            {t.more}
          </Button>
        </p>
      ) : (
        rows.length > 0 && (
          <p class="queue-note hint">{leavesOutDone(list.filters.value) ? t.endOfOpen : t.end}</p>
        )
      )}
    </>
  );
}

function Nothing({ list }: { list: ReportList }) {
  const t = queueTexts();
  const narrowed = countOf(list.filters.value) > 0;
  return (
    <div class="card queue-note">
      <h2>{list.within ? t.noneLeft : narrowed ? t.noMatch : t.nothing}</h2>
      {!list.within && !narrowed && <p>{t.nothingHint}</p>}
    </div>
  );
}

/** Read the list on arrival, and again whenever the pulse has another mark. */
function useFreshList(list: ReportList, rows: { current: HTMLOListElement | null }): void {
  const { pulse } = useDesk();
  const mark = pulse.pulse.value?.mark;
  const read = useRef<string | undefined>(undefined);
  useEffect(() => {
    read.current = pulse.pulse.peek()?.mark;
    const asked = filtersOf(path.peek());
    if (asked) go(pathTo(''), { replace: true });
    const come = asked ? list.narrow(asked).then(() => null) : list.comeBack();
    void come.then((id) => {
      const row = rows.current?.querySelector(`[data-id="${id}"] .report-row__link`);
      if (row instanceof HTMLElement) row.focus();
    });
  }, [list, pulse, rows]);
  useEffect(() => {
    if (mark === undefined || mark === read.current) return;
    const first = read.current === undefined;
    read.current = mark;
    // The first mark came with the list, or after it: only an empty one can do without a look.
    if (!first || list.rows.peek()?.length === 0) void list.refresh();
  }, [mark, list]);
}

/** Return how a step is taken from the list, which says what came of it. */
function useQuickSteps(list: ReportList, say: (text: string) => void) {
  const t = queueTexts();
  const { api, me, pulse } = useDesk();
  return async (step: QuickStep, row: ListedReport): Promise<void> => {
    if (isSeveral(row)) return say(t.several);
    if (isToBeRead(row)) return say(t.readFirst(row.reference));
    if (step === 'acknowledge' && row.status !== 'new') return;
    const change =
      step === 'take' ? { assignee: me.username } : { status: 'acknowledged' as const };
    const outcome = await changeReport(api, row.id, `"${row.version}"`, change);
    if (outcome.ok) {
      const { status, assignee, version } = outcome.data;
      list.replace({ ...row, status, assignee, version, unread: 0 });
      say(step === 'take' ? t.taken(row.reference) : t.acknowledged(row.reference));
      pulse.stepped();
    } else if (outcome.failure.status === 412) {
      say(t.faster(row.reference));
      await list.refresh();
    } else {
      say(t.failedStep(row.reference, outcome.failure.text));
    }
  };
}

// The row says it, too; what is said longer looks as if it were of now.
const SAID_MS = 20_000;

function useForgetting(said: string, say: (text: string) => void): void {
  useEffect(() => {
    if (!said) return undefined;
    const timer = setTimeout(() => say(''), SAID_MS);
    return () => clearTimeout(timer);
  }, [said, say]);
}
