import { useEffect, useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { ErrorSummary } from '../../shared/components/error-summary.tsx';
import { Form, TextBox } from '../../shared/components/field.tsx';
import { Status } from '../../shared/components/status.tsx';
import { colon, labelled, language, useSaid } from '../../shared/language.ts';
import { readReceipt, RECEIPT_LENGTH, receiptFault } from '../../../sdk/receipt.ts';
import { showDay, showTime } from '../../shared/time.ts';
import { begunTexts, forgetTexts, loadTexts, reportOf, textId } from '../begun.ts';
import { categoryOf } from '../catalogue.ts';
import { Heading, RedButton } from '../parts/heading.tsx';
import { StillSending } from '../parts/still-sending.tsx';
import { Sure } from '../parts/sure.tsx';
import { OpenKept } from '../parts/word.tsx';
import { beginAnew, go } from '../screen.ts';
import { outbox } from '../service.ts';
import { Conversation, Feedback, Reopen, toAnswer } from './conversation.tsx';
import { FromPicture } from './from-picture.tsx';
import { MoreMedia, OfficersPictures, OwnMedia } from './media.tsx';
import {
  closeReport,
  lookedAt,
  news,
  openReport,
  type OwnReport,
  receipt,
  refresh,
  report,
  useLatest,
  whyKept,
} from './report.ts';
import { AddPlace, SaveProof, Withdraw } from './steps.tsx';
import { mine } from './texts.ts';
import './mine.css';

/** "My report": the door by the receipt, and the report behind it. */
export function Mine({ receipt }: { receipt: string | null }) {
  useEffect(() => closeReport, []);
  if (report.value) return <OwnReportPage report={report.value} />;
  return (
    <>
      <Door given={receipt} />
      <OpenKept />
    </>
  );
}

function Door({ given }: { given: string | null }) {
  const text = mine();
  const [typed, setTyped] = useState('');
  const [error, setError] = useSaid<string | null>(null);
  const [busy, setBusy] = useState(false);

  const open = async (canonical: string): Promise<void> => {
    setBusy(true);
    setError(null);
    const outcome = await openReport(canonical);
    if (!outcome) return;
    setBusy(false);
    if (outcome.done) return;
    const { code, detail } = outcome;
    if (code === 'not_found' || code === 'receipt_required') setError(() => mine().unknown);
    else if (code === 'deleted') setError(() => mine().deleted);
    else setError(detail || (() => mine().failed));
  };
  const submit = (): void => {
    const canonical = readReceipt(typed);
    const fault = receiptFault(canonical);
    if (fault === 'letters') setError(() => mine().letters);
    else if (fault === 'length') setError(() => mine().short(canonical.length));
    else void open(canonical);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is opened once.
  useEffect(() => {
    if (given) void open(given);
  }, []);

  return (
    <Form onSubmit={submit}>
      <Heading>{text.title}</Heading>
      <ErrorSummary errors={error ? [{ field: 'receipt', text: error }] : []} />
      <TextBox
        id="receipt"
        label={text.receipt}
        hint={text.lead}
        error={error}
        class="field__control receipt-field"
        rows={2}
        autocomplete="off"
        autocapitalize="characters"
        spellcheck={false}
        maxLength={4 * RECEIPT_LENGTH}
        value={typed}
        onValue={setTyped}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return;
          event.preventDefault();
          submit();
        }}
      />
      <Button kind="primary" type="submit" class="wide" busy={busy}>
        {busy ? text.opening : text.open}
      </Button>
      <FromPicture
        onReceipt={(found) => (found ? void open(found) : setError(() => mine().noCode))}
      />
      <div class="apart">
        <RedButton />
      </div>
    </Form>
  );
}

/** A report as its reporter sees it. It looks for news only while somebody looks at it. */
export function OwnReportPage({ report }: { report: OwnReport }) {
  const text = mine();
  const entries = outbox.value?.entries.value ?? [];
  usePolling(report.poll_after_s);
  useEffect(() => void loadTexts(), []);
  const read = useRef(language.value);
  useEffect(() => {
    // Some of its words come from the service, in the language that was asked for.
    if (read.current !== language.value) void refresh();
    read.current = language.value;
  }, [language.value]);
  const category = categoryOf(report.category)?.label ?? report.category;
  const isWithdrawn = report.status === 'withdrawn';
  return (
    <>
      <Heading>{category}</Heading>
      <p class="muted facts">
        <span>
          {text.number} <strong>{report.reference}</strong>
        </span>
        <span>
          {text.received} {showTime(report.received_at, language.value)}
        </span>
      </p>
      <StillSending entries={entries.filter(({ reportId }) => reportId === report.id)} />
      <State report={report} />
      {!isWithdrawn && <Reopen report={report} />}
      <Status>{news.value > 0 && <p key={news.value}>{text.fresh}</p>}</Status>
      {report.emergency.text && !isWithdrawn && report.status !== 'closed' && (
        <p class="muted">{report.emergency.text}</p>
      )}
      <Feedback report={report} />
      <OfficersPictures report={report} />
      {!isWithdrawn && <Conversation report={report} />}
      {(report.text || report.media.length > 0) && (
        <section aria-labelledby="yours">
          <h2 id="yours">{text.yours}</h2>
          {report.text && <p class="quote">{report.text}</p>}
          <OwnMedia report={report} />
          {!isWithdrawn && <p class="muted">{text.yoursHint}</p>}
        </section>
      )}
      <section class="no-print" aria-labelledby="more">
        <h2 id="more">{text.more}</h2>
        {!isWithdrawn && (
          <>
            <MoreMedia report={report} />
            {report.positions_left > 0 && <AddPlace report={report} />}
          </>
        )}
        <SaveProof />
        {!isWithdrawn && <Withdraw report={report} />}
      </section>
      <Look />
      <RedButton />
      <PutAway report={report} />
    </>
  );
}

/** Close the report, after a question if words would be lost. */
function PutAway({ report }: { report: OwnReport }) {
  const text = mine();
  const [asked, setAsked] = useState(false);
  const isBegun = begunTexts().some((one) => reportOf(one) === report.id);
  if (asked && isBegun) {
    return (
      <Sure
        title={text.closeSure}
        yes={text.closeYes}
        no={text.closeNo}
        onYes={() => forgetTexts(textId(report.id)).then(close)}
        onNo={() => setAsked(false)}
      >
        <p>{text.closeText}</p>
      </Sure>
    );
  }
  return (
    <p class="put-away">
      <Button kind="quiet" onClick={() => (isBegun ? setAsked(true) : close())}>
        {text.close}
      </Button>
    </p>
  );
}

/** Say whether the receipt is still on this device: another one may hold it next. */
function close(): void {
  const text = mine();
  const why = whyKept(outbox.value?.entries.value ?? [], receipt.value);
  if (why === null) go({ name: 'start' }, text.closed);
  else go({ name: 'start' }, text.closedKept[why], 'warning');
}

/** The look for news. That there are some is said above, where they begin: it leads there. */
function Look() {
  const text = mine();
  const [said, setSaid] = useLatest('');
  const look = async (): Promise<void> => {
    setSaid('');
    const isRead = await refresh('look');
    if (!isRead) setSaid(() => mine().failed);
    else if (news.value === 0) setSaid(() => mine().noNews);
    else beginAnew();
  };
  return (
    <>
      <p class="muted looked no-print">
        {lookedAt.value && text.looked(showTime(lookedAt.value.toISOString(), language.value))}{' '}
        <Button kind="quiet" onClick={() => void look()}>
          {text.refresh}
        </Button>
      </p>
      <Status>{said}</Status>
    </>
  );
}

function State({ report }: { report: OwnReport }) {
  const text = mine();
  const states: Readonly<Record<string, readonly [string, string]>> = {
    received: [text.statusReceived, text.statusReceivedText],
    closed: [text.statusClosed, ''],
    withdrawn: [text.statusWithdrawn, text.statusWithdrawnText],
  };
  const isAnswered = report.status !== 'withdrawn' && report.messages.some(({ from }) => from === 'officer');
  // An unknown status is one of an open report: the API says so.
  const [name, words] = states[report.status] ?? [text.statusProgress, text.statusProgressText];
  return (
    <section class={`state state--${report.status}`} aria-labelledby="state">
      <h2 id="state" class="state__name">
        <span class="hidden-visually">
          {text.status}
          {colon()}
        </span>
        {name}
      </h2>
      {words && !report.read_by && !isAnswered && <p>{words}</p>}
      {report.read_by && <p>{report.read_by}</p>}
      {isAnswered && (
        <p>
          {text.answered}{' '}
          <Button kind="quiet" onClick={toAnswer}>
            {text.toAnswer}
          </Button>
        </p>
      )}
      {report.outcome && <Outcome outcome={report.outcome} />}
      {report.passed_on.map(({ agency, at, text: sentence }) => (
        <p key={`${agency} ${at}`}>{sentence}</p>
      ))}
      {report.masks.map(({ part, name, at, text: sentence }) => (
        <p key={`${part} ${name} ${at}`}>{labelled(text.maskedIn[part] ?? part, sentence)}</p>
      ))}
      {report.drill && <p>{text.drill}</p>}
      {report.kept_until && <p>{text.keptUntil(showDay(report.kept_until, language.value))}</p>}
    </section>
  );
}

/** What came of the report, and of the bulletin that it was about. */
function Outcome({ outcome }: { outcome: NonNullable<OwnReport['outcome']> }) {
  const { text, reason, bulletin } = outcome;
  return (
    <>
      {/* While the report is open, there is no other outcome than the bulletin's. */}
      {text !== bulletin && <p>{text}</p>}
      {reason && <p>{reason}</p>}
      {bulletin && <p>{labelled(mine().bulletin, bulletin)}</p>}
    </>
  );
}

/** Read the report again after some seconds, but only while the page is in sight. */
function usePolling(seconds: number): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stopped = false;
    const wait = (): void => {
      clearTimeout(timer);
      if (!stopped && document.visibilityState === 'visible') {
        timer = setTimeout(() => void refresh().finally(wait), Math.max(5, seconds) * 1000);
      }
    };
    const seen = (): void => {
      if (document.visibilityState === 'visible') void refresh().finally(wait);
      else clearTimeout(timer);
    };
    document.addEventListener('visibilitychange', seen);
    wait();
    return () => {
      stopped = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }, [seconds]);
}
