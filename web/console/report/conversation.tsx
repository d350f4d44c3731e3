/** The conversation with the reporter, and the reply. */

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Check } from '../../shared/components/choices.tsx';
import { Field, Form } from '../../shared/components/field.tsx';
import { Status } from '../../shared/components/status.tsx';
import { gap, listed, useSaid } from '../../shared/language.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { focusField } from '../parts/focus.ts';
import { MessageList } from './messages.tsx';
import { whoWrote } from './parts-nav.tsx';
import { type OfReport, unreadOf } from './open-report.ts';
import { gaps } from './fixed-texts.ts';
import { Templates } from './templates.tsx';
import { reportTexts } from './texts.ts';

export function Conversation({ open, report }: OfReport) {
  const t = reportTexts();
  const marked = new Set([...unreadOf(report).messages, ...open.fresh.value]);
  return (
    <section class="card talk" aria-labelledby="talk">
      <h2 id="talk">{t.talk.title}</h2>
      {report.messages_cursor !== null && (
        <Button onClick={() => void open.earlier('messages')}>{t.talk.earlier}</Button>
      )}
      {report.messages.length === 0 && <p class="muted">{t.talk.none}</p>}
      {report.messages.length > 0 && (
        <MessageList
          messages={report.messages}
          fresh={marked}
          unsighted={open.unsighted.value}
          onSight={(id) => open.sight([id])}
        />
      )}
      <Heard open={open} report={report} />
      {report.status === 'withdrawn' ? (
        <p class="muted">{t.talk.withdrawn}</p>
      ) : (
        <Reply open={open} report={report} />
      )}
    </section>
  );
}

/** Read out what comes in while the report is open. */
function Heard({ open, report }: OfReport) {
  const [ids, setIds] = useState<ReadonlySet<string>>(open.fresh.value);
  const fresh = open.fresh.value;
  useLayoutEffect(() => {
    if (fresh.size > 0) setIds(fresh);
  }, [fresh]);
  const latest = report.messages.filter(({ id }) => ids.has(id)).at(-1);
  return (
    <p class="hidden-visually" role="status">
      {latest && `${whoWrote(report, new Set([latest.id]))} ${latest.text}`}
    </p>
  );
}

function Reply({ open, report }: OfReport) {
  const t = reportTexts();
  const { api, drafts, attempts, pulse } = useDesk();
  const [asks, setAsks] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useSaid<string | null>(null);
  const [problem, setProblem] = useSaid('');
  const [said, setSaid] = useSaid('');
  const draft = `reply:${report.id}`;
  const text = drafts.get(draft);
  const send = async (): Promise<boolean> => {
    const seen = open.report.value;
    const waiting = open.unsighted.value;
    const written = drafts.get(draft).trim();
    const missing = gaps(written);
    if (seen === null || busy) return false;
    if (!written) return refuse(t.talk.empty);
    if (missing.length > 0) return refuse(t.talk.gaps(listed(missing)));
    setProblem('');
    setBusy(true);
    const key = attempts.begin(report.id, { text: written, asks }, seen.messages);
    const outcome = await outcomeOf(
      api.POST('/v1/officer/reports/{report_id}/messages', {
        params: { path: { report_id: report.id }, header: { 'Idempotency-Key': key } },
        body: {
          text: written,
          ...(asks && { asks_for_media: true }),
          messages_seen: open.messagesSeen,
        },
      }),
    );
    setBusy(false);
    if (outcome.ok) {
      settle(written);
      // An earlier attempt may have arrived, and be shown by now.
      const known = open.report.value ?? seen;
      const messages = known.messages.filter(({ id }) => id !== outcome.data.id);
      const isNew = messages.length === known.messages.length;
      open.merge({
        messages: isNew ? [...messages, outcome.data] : known.messages,
        message_count: known.message_count + (isNew ? 1 : 0),
        unread: 0,
      });
      pulse.stepped();
    } else if (outcome.failure.code === 'new_message') {
      await open.readFirst(seen, waiting, send);
    } else if (outcome.failure.status === 422) {
      refuse(outcome.failure.text);
    } else {
      setProblem(outcome.failure.text);
    }
    return outcome.ok;
  };
  /** Nothing is left to send of these words. What was written since stays. */
  const settle = (sent: string) => {
    attempts.done(report.id);
    setError(null);
    setProblem('');
    if (drafts.get(draft).trim() !== sent) return;
    drafts.set(draft, '');
    setAsks(false);
    setSaid(() => reportTexts().talk.sent);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: it settles once for each list.
  useEffect(() => {
    const arrived = attempts.arrived(report.id, report.messages);
    if (arrived !== null && !busy) settle(arrived);
  }, [report.messages, busy]);
  const refuse = (why: string) => {
    setError(why);
    focusField('reply');
    return false;
  };
  const write = (value: string) => {
    drafts.set(draft, value);
    setError(null);
    setProblem('');
    setSaid('');
  };
  const box = useRef<HTMLTextAreaElement>(null);
  const insert = (added: string, before: string | null) => {
    // A template in place of one that nobody has changed; else beside what was written.
    if (before !== null && text.trim() === before.trim()) return writeAndGo(added, added.length);
    const at = box.current?.selectionEnd ?? text.length;
    const [head, tail] = [text.slice(0, at), text.slice(at)];
    const begun = head.trim() ? `${head.replace(/\s*$/, '\n')}${added}` : added;
    writeAndGo(tail.trim() ? `${begun}\n${tail.replace(/^\s*/, '')}` : begun, begun.length);
  };
  const writeAndGo = (value: string, cursor: number) => {
    write(value);
    requestAnimationFrame(() => {
      box.current?.focus();
      box.current?.setSelectionRange(cursor, cursor);
    });
  };
  const replace = (added: string, before: string) => {
    if (text.includes(before)) write(text.replace(before, () => added));
  };
  return (
    <Form
      class="reply no-print"
      onSubmit={send}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        void send();
      }}
    >
      <Templates
        report={report}
        hasGaps={gaps(text).length > 0}
        insert={insert}
        replace={replace}
      />
      <Field
        id="reply"
        label={t.talk.label}
        hint={
          <>
            {t.talk.hint}
            {gap()}
            <span class="reply__keys">{t.talk.keysHint}</span>
          </>
        }
        error={error}
      >
        {(control) => (
          <textarea
            {...control}
            ref={box}
            rows={2}
            maxLength={4000}
            value={text}
            onInput={(event) => write(event.currentTarget.value)}
          />
        )}
      </Field>
      <Status kind="error">{problem}</Status>
      <div class="reply__send">
        <Check checked={asks} onChange={setAsks}>
          {t.talk.asks}
        </Check>
        <Button type="submit" kind="primary" busy={busy}>
          {t.talk.send}
        </Button>
      </div>
      <Status kind="success">{said}</Status>
    </Form>
  );
}
