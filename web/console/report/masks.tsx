/** Words about another person that two officers mask: one proposes, the other reads and approves. */

import { useEffect, useRef, useState } from 'preact/hooks';

import { Button, Spinner } from '../../shared/components/button.tsx';
import { choicesOf, Select } from '../../shared/components/choices.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { Field, Form, TextField } from '../../shared/components/field.tsx';
import { Status } from '../../shared/components/status.tsx';
import { useSaid } from '../../shared/language.ts';
import { clock } from '../../shared/time.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { ok, Refusal, useStep } from '../parts/asking.tsx';
import { focusField } from '../parts/focus.ts';
import { FormEnd } from '../parts/form-end.tsx';
import { now } from '../parts/moment.tsx';
import { SecondPerson } from '../parts/second-person.tsx';
import { requestTexts } from '../requests/texts.ts';
import { pathTo } from '../router.ts';
import type { Schemas } from '../types.ts';
import { wordFor } from '../words.ts';
import { heldUntil } from './hold.tsx';
import { passageOf, type Selected, selectedOnPage, textsOf } from './mask-passage.ts';
import { maskTexts } from './mask-texts.ts';
import type { OfReport } from './open-report.ts';

type Mask = Schemas['Mask'];

const ONE = '/v1/officer/reports/{report_id}/masks/{number}' as const;
const WORDS = 'mask-words';
const REASONS = ['third_person', 'erasure', 'correction', 'court'] as const;

export function Masks({ open, report }: OfReport) {
  const t = maskTexts();
  const { names } = useDesk();
  const [dialog, setDialog] = useState<'propose' | Mask | null>(null);
  const [done, setDone] = useSaid('');
  const selected = useSelected();
  const show = (what: 'propose' | Mask) => {
    setDone('');
    setDialog(what);
  };
  const close = () => setDialog(null);
  if (report.restricted) return null;
  return (
    <section class="card no-print" aria-labelledby="masks">
      <h2 id="masks">{t.title}</h2>
      {report.requests.map(({ number, due_at: due, open: isOpen }) => (
        <p key={number}>
          <a href={pathTo(`requests/${number}`)}>{t.request(number)}</a>{' '}
          {isOpen && <span class="tag">{t.due(clock(due))}</span>}
        </p>
      ))}
      <NameInRequest open={open} report={report} onClose={close} onDone={setDone} />
      <Status kind="success">{done}</Status>
      {report.masks.length === 0 && <p class="muted">{t.none}</p>}
      <ul class="related">
        {report.masks.map((mask) => {
          const where = wordFor(t.parts, mask.part);
          return (
            <li key={mask.number}>
              <p>
                {mask.approved_at === null
                  ? t.waits(where, names.officer(mask.by))
                  : t.done(where, clock(mask.approved_at))}{' '}
                {mask.is_held && <span class="tag">{t.held}</span>}
              </p>
              {mask.approved_at === null ? (
                <Button onClick={() => show(mask)}>{t.read}</Button>
              ) : (
                <p class="hint">{wordFor(t.reasons, mask.reason)}</p>
              )}
            </li>
          );
        })}
      </ul>
      {report.status !== 'withdrawn' && <Button onClick={() => show('propose')}>{t.ask}</Button>}
      <Dialog open={dialog === 'propose'} title={t.title} onClose={close}>
        <Propose
          open={open}
          report={report}
          selected={selected.current}
          onClose={close}
          onDone={setDone}
        />
      </Dialog>
      <Dialog
        open={dialog !== null && dialog !== 'propose'}
        title={t.readTitle}
        onClose={close}
      >
        {dialog !== null && dialog !== 'propose' && (
          <Decide open={open} report={report} mask={dialog} onClose={close} onDone={setDone} />
        )}
      </Dialog>
    </section>
  );
}

/** A request that names a report shows it, and its decision awaits there, too. */
function NameInRequest({ open, report, onDone }: DialogProps) {
  const t = requestTexts();
  const { api } = useDesk();
  const step = useStep();
  const [number, setNumber] = useState('');
  const name = () =>
    step.run(async () => {
      const path = { request_number: number.trim() };
      const body = { report_ids: [report.id] };
      await ok(api.POST('/v1/officer/requests/{request_number}/reports', { params: { path }, body }));
      setNumber('');
      onDone(() => requestTexts().named);
      await open.load();
    });
  return (
    <details>
      <summary>{t.name}</summary>
      <Form aria-label={t.name} onSubmit={() => void name()}>
        <TextField
          id="request-number"
          label={t.number}
          autocomplete="off"
          value={number}
          onValue={setNumber}
        />
        <Refusal failure={step.failure} />
        <div class="row">
          <Button type="submit" busy={step.busy}>
            {t.name}
          </Button>
          <a href={pathTo('requests')}>{t.all}</a>
        </div>
      </Form>
    </details>
  );
}

/** The latest words that were selected on the page: to press a button may end the selection. */
function useSelected(): { current: Selected | null } {
  const latest = useRef<Selected | null>(null);
  useEffect(() => {
    const note = () => {
      latest.current = selectedOnPage() ?? latest.current;
    };
    document.addEventListener('selectionchange', note);
    return () => document.removeEventListener('selectionchange', note);
  }, []);
  return latest;
}

interface DialogProps extends OfReport {
  onClose: () => void;
  /** With what has come of it, in the language of the screen. */
  onDone: (words: () => string) => void;
}

function Propose({ open, report, selected, onClose, onDone }: DialogProps & { selected: Selected | null }) {
  const t = maskTexts();
  const { api } = useDesk();
  const all = textsOf(report);
  const [chosen, setChosen] = useState(
    all.some(({ key }) => key === selected?.key) && selected
      ? selected
      : { key: all[0]?.key ?? '', start: 0, end: 0 },
  );
  const [reason, setReason] = useState<(typeof REASONS)[number]>('third_person');
  const [request, setRequest] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useSaid<string | null>(null);
  const box = useRef<HTMLTextAreaElement>(null);
  const text = all.find(({ key }) => key === chosen.key) ?? all[0];
  const { start, passage } = passageOf(text?.text ?? '', chosen);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, with what was selected before.
  useEffect(() => {
    if (chosen.end > 0) box.current?.setSelectionRange(chosen.start, chosen.end);
  }, []);
  const select = ({ currentTarget: { selectionStart, selectionEnd } }: { currentTarget: HTMLTextAreaElement }) => {
    // A press on another control leaves nothing selected here, and what was chosen stays.
    if (selectionStart === selectionEnd) return;
    setChosen({ key: chosen.key, start: selectionStart, end: selectionEnd });
    setError(null);
  };
  const propose = async () => {
    if (busy || !text) return;
    if (!passage.trim()) return refuse(t.nothing);
    setBusy(true);
    const outcome = await outcomeOf(
      api.POST('/v1/officer/reports/{report_id}/masks', {
        params: { path: { report_id: report.id } },
        body: {
          part: text.part,
          name: text.name,
          start,
          passage,
          reason,
          ...(request && { request }),
        },
      }),
    );
    setBusy(false);
    if (!outcome.ok) return refuse(outcome.failure.text);
    const mask = outcome.data;
    const others = report.masks.filter(({ number }) => number !== mask.number);
    open.merge({ masks: [...others, mask] });
    onClose();
    onDone(() => maskTexts().proposed);
  };
  const refuse = (why: string) => {
    setError(why);
    focusField(WORDS);
  };
  return (
    <Form onSubmit={propose}>
      <p>{t.hint}</p>
      <Select
        id="mask-text"
        label={t.text}
        chosen={chosen.key}
        choices={all.map(({ key, label }) => ({ code: key, label }))}
        onChange={(key) => setChosen({ key, start: 0, end: 0 })}
      />
      <Field id={WORDS} label={t.words} error={error}>
        {(control) => (
          <textarea
            {...control}
            ref={box}
            // In what is `readonly`, browsers let no keyboard select.
            aria-readonly="true"
            onBeforeInput={(event) => event.preventDefault()}
            rows={6}
            value={text?.text ?? ''}
            onSelect={select}
          />
        )}
      </Field>
      <div role="status">{passage && <p class="words">{t.chosen(passage)}</p>}</div>
      <Select
        id="mask-reason"
        label={t.reason}
        chosen={reason}
        choices={choicesOf(REASONS, t.reasons)}
        onChange={setReason}
      />
      {report.requests.length > 0 && (
        <Select
          id="mask-request"
          label={t.carriesOut}
          chosen={request}
          choices={[
            { code: '', label: t.noRequest },
            ...report.requests.map(({ number }) => ({ code: number, label: t.request(number) })),
          ]}
          onChange={setRequest}
        />
      )}
      <FormEnd submit={t.submit} busy={busy} onCancel={onClose} />
    </Form>
  );
}

/** The passage with what stands around it. Whoever approves has read it here. */
function Decide({ open, report, mask, onClose, onDone }: DialogProps & { mask: Mask }) {
  const t = maskTexts();
  const { api, me, names } = useDesk();
  const [read, setRead] = useState<Schemas['ReadMask'] | null>(null);
  const [problem, setProblem] = useSaid('');
  const path = { report_id: report.id, number: String(mask.number) };
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is read once, when it is opened.
  useEffect(() => {
    void outcomeOf(api.GET(ONE, { params: { path } })).then((outcome) => {
      if (outcome.ok) setRead(outcome.data);
      else setProblem(outcome.failure.text);
    });
  }, []);
  const finish = async (call: Parameters<typeof ok>[0], words: () => string) => {
    await ok(call);
    onClose();
    onDone(words);
    await open.load();
  };
  const by = names.officer(mask.by);
  const isMine = mask.by === me.username;
  return (
    <>
      <Status kind="error">{problem}</Status>
      {read === null && !problem && <Spinner />}
      {read && (
        <blockquote class="words report__text">
          {read.before}
          <mark>{read.passage}</mark>
          {read.after}
        </blockquote>
      )}
      <p>{wordFor(t.reasons, mask.reason)}</p>
      <SecondPerson
        isMine={isMine}
        hint={heldUntil(report, now.value) === null ? t.forGood : t.hold}
        approve={
          read && {
            label: t.approve,
            act: () =>
              finish(
                api.POST('/v1/officer/reports/{report_id}/masks/{number}/approve', {
                  params: { path, header: { 'If-Match': read.tag ?? '' } },
                }),
                () => maskTexts().approved,
              ),
          }
        }
        end={
          isMine
            ? {
                label: t.takeBack,
                act: () => finish(api.DELETE(ONE, { params: { path } }), () => maskTexts().takenBack),
              }
            : {
                label: t.decline,
                reason: {
                  submitLabel: t.declineSubmit,
                  send: (reason) =>
                    finish(
                      api.POST('/v1/officer/reports/{report_id}/masks/{number}/decline', {
                        params: { path },
                        body: { reason },
                      }),
                      () => maskTexts().declined(by),
                    ),
                },
              }
        }
      />
    </>
  );
}
