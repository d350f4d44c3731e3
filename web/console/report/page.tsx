/** A report: everything that is known of it, and one obvious next step. */

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';

import { Button, Spinner } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { language, useSaid } from '../../shared/language.ts';
import { clock } from '../../shared/time.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { ExportDialog } from '../export/dialog.tsx';
import { Back } from '../parts/back.tsx';
import { Fact } from '../parts/fact.tsx';
import { focusPart } from '../parts/focus.ts';
import { Moment, now } from '../parts/moment.tsx';
import { ReasonForm } from '../parts/reason-form.tsx';
import { queueTexts } from '../queue/texts.ts';
import { pathTo } from '../router.ts';
import type { Report } from '../types.ts';
import { wordFor, words } from '../words.ts';
import { CloseDialog } from './close-dialog.tsx';
import { ConflictDialog, UnseenDialog } from './conflict-dialog.tsx';
import { Dates } from './dates.tsx';
import { Contact, Facts } from './facts.tsx';
import { Conversation } from './conversation.tsx';
import { Files } from './files.tsx';
import { Handling } from './handling.tsx';
import { Gist } from './gist.tsx';
import { History } from './history.tsx';
import { heldUntil } from './hold.tsx';
import { Masks } from './masks.tsx';
import { Media } from './media.tsx';
import { More } from './more.tsx';
import { Ending, NextStep } from './next-step.tsx';
import { Notes } from './notes.tsx';
import { Notice, PartsNavigation } from './parts-nav.tsx';
import { flagged, type OfReport, OpenReport, useStep, waitingSteps } from './open-report.ts';
import { Place } from './place.tsx';
import { Referrals } from './referrals.tsx';
import { Related } from './related.tsx';
import { reportTexts } from './texts.ts';
import { Walked } from './walk.tsx';
import './report.css';
import './conversation.css';

export function ReportPage({ id }: { id: string }) {
  const t = reportTexts();
  const { api, names, list, pulse } = useDesk();
  const open = useMemo(() => new OpenReport(api, id, () => pulse.stepped()), [api, id, pulse]);
  const report = open.report.value;
  useEffect(() => {
    list.lastOpened = id;
    void open.load();
  }, [open, list, id]);
  useEffect(() => {
    // It was said in another language.
    open.problem.value = null;
  }, [open, language.value]);
  useCheck(open);
  return (
    <article class="report">
      <div class="report__top">
        <header class="report__head">
          <Back to="">{t.back}</Back>
          <Walked id={id} />
          <h1>
            {report ? names.category(report.category) : open.failure.value ? t.failed : t.loading}
            {report && (
              <>
                {' '}
                <span class="reference">{report.reference}</span>
              </>
            )}
          </h1>
          {report && <Tags report={report} />}
        </header>
        {report && <PartsNavigation open={open} report={report} />}
        {report && <Notice open={open} report={report} />}
      </div>
      {report ? <Opened open={open} report={report} /> : <NotOpened open={open} />}
    </article>
  );
}

function NotOpened({ open }: { open: OpenReport }) {
  const t = reportTexts();
  const failure = open.failure.value;
  if (failure === null) return <Spinner />;
  return (
    <div class="card report__wide" role="alert">
      <p>{failure.status === 404 ? t.notFound : failure.text}</p>
      <Button onClick={() => void open.load()}>{t.again}</Button>
    </div>
  );
}

function Opened({ open, report }: OfReport) {
  const t = reportTexts();
  const { me } = useDesk();
  const [dialog, setDialog] = useState<'close' | 'export' | null>(null);
  const done = () => setDialog(null);
  return (
    <>
      <OnPaper report={report} />
      <div class="report__wide">
        <Looking id={report.id} />
        <Banners open={open} report={report} />
        <Status kind="error">{open.problem.value}</Status>
      </div>
      <div class="report__next">
        <NextStep open={open} report={report} onClose={() => setDialog('close')} />
      </div>
      <div class="report__main">
        {report.restricted ? (
          <Restricted open={open} />
        ) : (
          <>
            <Facts report={report} />
            <Gist open={open} report={report} />
            <Media open={open} report={report} />
            <Place open={open} report={report} />
          </>
        )}
        <Related open={open} report={report} />
      </div>
      {!report.restricted && (
        <div class="report__talk">
          <Conversation open={open} report={report} />
          <Files open={open} report={report} />
        </div>
      )}
      <div class="report__side">
        <Handling open={open} report={report} />
        <Dates open={open} report={report} />
        <Notes open={open} report={report} />
        <Contact report={report} />
        <Referrals open={open} report={report} />
        <Masks open={open} report={report} />
        <More open={open} report={report} onExport={() => setDialog('export')} />
        <History report={report} />
      </div>
      <p class="report__printed">{t.printed(me.name || me.username, clock(new Date(now.value).toISOString()))}</p>
      <CloseDialog open={open} report={report} shown={dialog === 'close'} onClose={done} />
      <ExportDialog open={dialog === 'export'} onClose={done} what={{ report: report.id }} />
      <ConflictDialog open={open} />
      <UnseenDialog open={open} />
    </>
  );
}

/** What a screen has in its controls: who holds it, and what came of it. */
function OnPaper({ report }: { report: Report }) {
  const t = reportTexts();
  const { names } = useDesk();
  return (
    <div class="only-print">
      <dl class="facts">
        <Fact name={t.handling.assignee}>
          {report.assignee === null ? t.handling.nobody : names.officer(report.assignee)}
        </Fact>
      </dl>
      <Ending report={report} />
    </div>
  );
}

function Tags({ report }: { report: Report }) {
  const t = reportTexts();
  const w = words();
  return (
    <p class="row report__tags">
      <span class={`tag tag--${report.urgency}`}>{w.urgency[report.urgency]}</span>
      <span class={`status-dot status-dot--${report.status}`}>
        {wordFor(w.status, report.status)}
      </span>
      {report.source === 'drill' && <span class="tag tag--drill">{w.source.drill}</span>}
      {report.flags.map((flag) => (
        <span key={flag} class={flag === 'overdue' ? 'tag tag--alert' : 'tag'}>
          {wordFor(w.flag, flag)}
        </span>
      ))}
      {report.review?.due_since && <span class="tag tag--alert">{w.due.review}</span>}
      {heldUntil(report, now.value) !== null && <span class="tag">{t.more.hold}</span>}
      {waitingSteps(report, now.value).map(
        (step) =>
          // The flags have the referral.
          step !== 'referral' && (
            <span key={step} class="tag">
              {w.awaits[step]}
            </span>
          ),
      )}
      {report.original && (
        <a class="tag" href={pathTo(`reports/${report.original.id}`)}>
          {t.related.duplicateOf(report.original.reference)}
        </a>
      )}
      {report.incident && (
        <a class="tag" href={pathTo(`incidents/${report.incident.id}`)}>
          {queueTexts().incident(report.incident.count)}
        </a>
      )}
      <Moment class="muted" time={report.received_at} />
    </p>
  );
}

function Banners({ open, report }: OfReport) {
  const t = reportTexts();
  return (
    <>
      {report.source === 'drill' && <p class="report__note">{t.drill}</p>}
      <Unproven open={open} report={report} />
      {report.flags.includes('after_closing') && <p class="report__note">{t.afterClosing}</p>}
    </>
  );
}

/** That it came in a flood; any other step than this one ends that, too. */
function Unproven({ open, report }: OfReport) {
  const t = reportTexts();
  const { api } = useDesk();
  const [said, setSaid] = useSaid('');
  const step = useStep(open);
  const lift = async () => {
    const params = { path: { report_id: report.id } };
    const call = api.POST('/v1/officer/reports/{report_id}/lift-out', { params });
    const lifted = (_: unknown, seen: Report) => ({
      unproven: false,
      flags: flagged(seen, 'overdue', false),
    });
    open.problem.value = (await step(outcomeOf(call), lifted))?.text ?? null;
    if (open.problem.value !== null) return;
    setSaid(() => reportTexts().liftedOut);
    // The button that had the focus is gone.
    focusPart('next-step');
  };
  return (
    <>
      <Status kind="success">{said}</Status>
      {report.unproven && (
        <div class="report__note">
          <p>{t.unproven}</p>
          {report.status === 'new' && (
            <Button class="no-print" onClick={lift}>
              {t.liftOut}
            </Button>
          )}
        </div>
      )}
    </>
  );
}

function Restricted({ open }: { open: OpenReport }) {
  const t = reportTexts();
  const { me } = useDesk();
  const supervisor = me.roles.some((role) => role === 'supervisor' || role === 'oversight');
  const submit = async (reason: string) => {
    await open.load(reason);
    return open.problem.value;
  };
  return (
    <section class="card">
      <h2>{t.restricted}</h2>
      {supervisor ? (
        <ReasonForm intro={t.restrictedHint} submitLabel={t.openRestricted} submit={submit} />
      ) : (
        <p>{t.restrictedOther}</p>
      )}
    </section>
  );
}

/** Look whether the report has changed, whenever anything in the scope has. */
function useCheck(open: OpenReport): void {
  const { pulse } = useDesk();
  const mark = pulse.pulse.value?.mark;
  const before = useRef(mark);
  useEffect(() => {
    if (mark === before.current) return undefined;
    const first = before.current === undefined;
    before.current = mark;
    return first ? undefined : open.checkSoon();
  }, [mark, open]);
}

/** Who else has this report open now, so that two officers do not do the same. */
export function Looking({ id }: { id: string }) {
  const t = reportTexts();
  const { pulse } = useDesk();
  useEffect(() => {
    pulse.look(id);
    return () => pulse.look(null);
  }, [pulse, id]);
  const others = pulse.pulse.value?.also_looking ?? [];
  return (
    <div class="no-print">
      <Status>{others.length > 0 && t.alsoLooking(others.map((each) => each.name || each.username))}</Status>
    </div>
  );
}
