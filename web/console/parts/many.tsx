/** A step on many reports: chosen, read once more, and then taken; and what came of it for each. */

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Check, choicesOf, Radios, Select } from '../../shared/components/choices.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { ErrorSummary } from '../../shared/components/error-summary.tsx';
import { Form, TextBox } from '../../shared/components/field.tsx';
import { Status } from '../../shared/components/status.tsx';
import { labelled, useSaid } from '../../shared/language.ts';
import { clock } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { Keys } from '../drafts.ts';
import { useOutcomeText } from '../report/fixed-texts.ts';
import { useKeys } from '../queue/shortcuts.tsx';
import { go, pathTo } from '../router.ts';
import type { Colleague, ListedReport, Schemas } from '../types.ts';
import { wordFor, words } from '../words.ts';
import { Refusal, useStep } from './asking.tsx';
import { InParts, leftBy, type Part } from './in-parts.ts';
import { text } from './many-texts.ts';
import './many.css';

export type StepKind = 'acknowledged' | 'in_progress' | 'assign' | 'link' | 'closed' | 'message';
/** What is done with each report, as the API takes it, but for the reports. */
export type StepBody = Omit<Schemas['ChosenSteps'], 'reports'>;
// Each other outcome takes two officers, or names an original: that is for one report alone.
const ENDS = ['resolved', 'no_action', 'not_police'] as const;
// Each is a call, and on record.
const MOST_SCOPES = 5;

/** The chosen reports, or null for all that there are; and how many these are. */
export interface Asked {
  ids: readonly string[] | null;
  count: number;
  step?: StepKind;
}

interface StepDialogProps {
  /** Under which name what is written is kept. */
  of: string;
  steps: readonly StepKind[];
  /**
   * Chosen by hand, one by one: what ends nothing and is not written is as easy as on one, opened
   * before or not.
   */
  byHand?: boolean;
  /** Shown while something is. */
  asked: Asked | null;
  /** The rows among them that are shown: whoever sees these can be assigned, one can be the original. */
  rows: readonly ListedReport[];
  send: (body: StepBody, ids: string[] | null, key: string) => Promise<Part>;
  onClose: () => void;
  onDone: (parts: InParts, body: StepBody) => Promise<void>;
}

export function StepDialog(props: StepDialogProps) {
  const { asked, onClose } = props;
  return (
    <Dialog
      open={asked !== null}
      title={asked ? text().stepTitle(asked.count) : ''}
      onClose={onClose}
    >
      {asked && <Steps {...props} asked={asked} />}
    </Dialog>
  );
}

type StepsProps = StepDialogProps & { asked: Asked };

interface Wanted {
  step: StepKind | null;
  end: (typeof ENDS)[number] | null;
  assignee: string;
  original: string;
  withUnopened: boolean;
}

function Steps(props: StepsProps) {
  const t = text();
  const { me, drafts, names } = useDesk();
  const { of, steps, byHand, asked, rows } = props;
  const [oldest] = [...rows].sort((a, b) => a.received_at.localeCompare(b.received_at));
  const [wanted, setWanted] = useState<Wanted>({
    step: asked.step ?? null,
    end: null,
    assignee: me.username,
    original: oldest?.id ?? '',
    withUnopened: false,
  });
  const [errors, setErrors] = useSaid<{ field: string; text: string }[]>([]);
  const [isRead, setRead] = useState(false);
  const set = (part: Partial<Wanted>) => {
    setWanted({ ...wanted, ...part });
    setErrors([]);
  };
  const { step, end } = wanted;
  const reason = drafts.get(`step-reason:${of}`);
  const message = drafts.get(`step-message:${of}`);
  const fixed = useOutcomeText(end);
  if (isRead) return <Confirm {...props} wanted={wanted} back={() => setRead(false)} />;
  const error = (field: string) => errors.find((wrong) => wrong.field === field)?.text ?? null;
  const check = () => {
    const wrong: [string, boolean, string][] = [
      ['step-kind', step === null, t.chooseStep],
      ['step-end', step === 'closed' && end === null, t.chooseEnd],
      ['step-reason', step === 'closed' && !reason.trim(), t.writeReason],
      ['step-message', step === 'message' && !message.trim(), t.writeMessage],
    ];
    const found = wrong.filter(([, isWrong]) => isWrong);
    setErrors(found.map(([field, , said]) => ({ field, text: said })));
    setRead(found.length === 0);
  };
  return (
    <Form onSubmit={check}>
      <ErrorSummary errors={errors} />
      <Radios
        id="step-kind"
        legend={t.whichStep}
        error={error('step-kind')}
        chosen={step}
        onChange={(chosen) => set({ step: chosen })}
        choices={choicesOf(steps, t.steps)}
      />
      {step === 'assign' && <Assignee rows={rows} wanted={wanted} set={set} />}
      {step === 'link' && (
        <Select
          id="step-original"
          label={t.original}
          hint={t.originalHint}
          chosen={wanted.original}
          onChange={(original) => set({ original })}
          choices={rows.map((row) => ({
            code: row.id,
            label: t.reportOf(row.reference, names.category(row.category), clock(row.received_at)),
          }))}
        />
      )}
      {step === 'closed' && (
        <>
          <Radios
            id="step-end"
            legend={t.whichEnd}
            hint={t.endHint}
            error={error('step-end')}
            chosen={end}
            onChange={(chosen) => set({ end: chosen })}
            choices={choicesOf(ENDS, words().disposition)}
          />
          <TextBox
            id="step-reason"
            label={t.reason}
            hint={fixed && t.readBefore(fixed)}
            error={error('step-reason')}
            rows={3}
            maxLength={1000}
            value={reason}
            onValue={(value) => drafts.set(`step-reason:${of}`, value)}
          />
        </>
      )}
      {steps.includes('message') && (
        <TextBox
          id="step-message"
          label={t.message}
          optional={step !== 'message'}
          hint={t.messageHint}
          error={error('step-message')}
          rows={3}
          maxLength={4000}
          value={message}
          onValue={(value) => drafts.set(`step-message:${of}`, value)}
        />
      )}
      {(!byHand || step === 'closed') && (
        <Check checked={wanted.withUnopened} onChange={(withUnopened) => set({ withUnopened })}>
          {t.withUnopened}
        </Check>
      )}
      <div class="row">
        <Button type="submit" kind="primary">
          {t.readOnce}
        </Button>
        <Button onClick={props.onClose}>{t.cancel}</Button>
      </div>
    </Form>
  );
}

interface AssigneeProps extends Pick<StepDialogProps, 'rows'> {
  wanted: Wanted;
  set: (part: Partial<Wanted>) => void;
}

function Assignee({ rows, wanted, set }: AssigneeProps) {
  const { me } = useDesk();
  const others = useColleagues(rows).filter(({ username }) => username !== me.username);
  return (
    <Select
      id="step-assignee"
      label={text().assignee}
      chosen={wanted.assignee}
      onChange={(assignee) => set({ assignee })}
      choices={[me, ...others].map(({ username, name }) => ({
        code: username,
        label: name ? `${name} (${username})` : username,
      }))}
    />
  );
}

/** Return who can be assigned all of these. Of more scopes than a few, the service says who cannot. */
function useColleagues(rows: readonly ListedReport[]): readonly Colleague[] {
  const { names } = useDesk();
  const [found, setFound] = useState<readonly Colleague[]>([]);
  const scopes = [...new Set(rows.map((row) => `${row.category} ${row.district}`))];
  const asked = scopes.slice(0, MOST_SCOPES).join();
  useEffect(() => {
    const lists = asked.split(',').map((scope) => {
      const [category = '', district = ''] = scope.split(' ');
      return category ? names.colleagues(category, district) : [];
    });
    void Promise.all(lists).then(([first = [], ...others]) => {
      const isIn = (one: Colleague) => (list: readonly Colleague[]) =>
        list.some(({ username }) => username === one.username);
      setFound(first.filter((one) => others.every(isIn(one))));
    });
  }, [names, asked]);
  return found;
}

type ConfirmProps = StepsProps & { wanted: Wanted; back: () => void };

// The same step sent anew has the same key: no reporter gets a message twice.
const keys = new Keys();

/** What will happen, in words; then how far it is. */
function Confirm({ of, byHand, asked, rows, send, wanted, back, onDone }: ConfirmProps) {
  const t = text();
  const { drafts, names } = useDesk();
  const { step: kind, end, assignee, original, withUnopened } = wanted;
  const step = useStep();
  const ids = kind === 'link' ? (asked.ids?.filter((id) => id !== original) ?? null) : asked.ids;
  const count = ids?.length ?? asked.count;
  const left = kind ? leftBy(kind, rows.filter(({ id }) => ids?.includes(id) ?? true)) : [];
  const most = left.reduce((rest, [, some]) => rest - some, count);
  const [parts] = useState(() => new InParts(ids));
  const [done, setDone] = useState(0);
  const heading = useRef<HTMLParagraphElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const reasonKey = `step-reason:${of}`;
  const messageKey = `step-message:${of}`;
  const reason = drafts.get(reasonKey).trim();
  const message = drafts.get(messageKey).trim();
  const isEasy = byHand && kind !== 'closed';
  const body: StepBody = {
    ...((kind === 'acknowledged' || kind === 'in_progress') && { status: kind }),
    ...(kind === 'assign' && { assignee }),
    ...(kind === 'link' && { duplicate_of: original }),
    ...(kind === 'closed' && end && { status: kind, disposition: end, reason }),
    ...(message && { message }),
    skip_unread: !isEasy && !withUnopened,
  };
  const take = () =>
    step.run(async () => {
      const key = keys.for(JSON.stringify([of, body]));
      await parts.run(
        (some) => send(body, some, key),
        () => setDone(parts.done),
      );
      keys.done();
      if (parts.left.length === 0) {
        drafts.set(reasonKey, '');
        drafts.set(messageKey, '');
      }
      await onDone(parts, body);
    });
  return (
    <>
      <p ref={heading} tabIndex={-1}>
        <strong>{t.will}</strong>
      </p>
      <ul>
        {kind === 'acknowledged' && <li>{t.willAcknowledge}</li>}
        {kind === 'in_progress' && <li>{t.willWork}</li>}
        {kind === 'assign' && <li>{t.willAssign(names.officer(assignee))}</li>}
        {kind === 'closed' && end && <li>{t.willClose(words().disposition[end])}</li>}
        {body.reason && <li>{t.willRead(body.reason)}</li>}
        {kind === 'link' && <li>{t.willLink(rows.find(({ id }) => id === original)?.reference ?? '')}</li>}
        {kind === 'acknowledged' && byHand && <li>{t.reporterSees}</li>}
        {kind === 'assign' && byHand && <li>{t.undoLater}</li>}
        {message && <li>{t.willWrite(message, count)}</li>}
        {!isEasy && <li>{withUnopened ? t.unopenedToo : t.unopenedStay}</li>}
        {(isEasy || withUnopened) && <li>{t.unopenedCriticalStay}</li>}
        {kind === 'closed' && <li>{t.criticalStay}</li>}
        {kind !== 'link' && <li>{t.writtenStay}</li>}
        {left.map(([code, some]) => (
          <li key={code}>{t.knownLeft(some, wordFor(t.why, code))}</li>
        ))}
        <li>{t.onRecord}</li>
      </ul>
      <Refusal failure={step.failure} />
      <Status>{done > 0 && t.progress(done, count)}</Status>
      <div class="row">
        {most > 0 && (
          <Button kind={message || kind === 'closed' ? 'danger' : 'primary'} busy={step.busy} onClick={take}>
            {t.take(most)}
          </Button>
        )}
        {!step.busy && <Button onClick={back}>{t.back}</Button>}
      </div>
    </>
  );
}

// So many links are in sight, more are folded away.
const FEW = 20;

// The code of what was left because this officer has never opened it.
const UNOPENED = 'not_read';

/** Where the focus goes when it is done. */
export const OUTCOMES = 'outcomes-of-many';

interface OutcomesProps {
  /** What was done, and with how many. */
  said: string;
  left: InParts['left'];
  referenceOf: (id: string) => string | null;
  children?: ComponentChildren;
}

/** What came of the last step: how many are done, and each that was left, with the reason. */
export function Outcomes({ said, left, referenceOf, children }: OutcomesProps) {
  const t = text();
  const { walk } = useDesk();
  const codes = [...new Set(left.map(({ code }) => code))];
  const idsOf = (code: string) => left.filter((each) => each.code === code).map(({ id }) => id);
  const openNext = () => {
    const unopened = idsOf(UNOPENED);
    if (unopened.length === 0) return;
    walk.value = { from: walk.value?.from ?? '', ids: () => unopened };
    go(pathTo(`reports/${unopened[0]}`));
  };
  useKeys((action) => {
    if (action === 'unopened') openNext();
  });
  return (
    <div
      class={`many-outcomes status status--shown status--${left.length > 0 ? 'warning' : 'success'}`}
      id={OUTCOMES}
      tabIndex={-1}
    >
      <p>
        {said} {children}
      </p>
      {left.length > 0 && (
        <>
          <p>{t.left(left.length)}</p>
          <ul>
            {codes.map((code) => (
              <li key={code}>
                <Reason
                  why={wordFor(t.why, code)}
                  ids={idsOf(code)}
                  referenceOf={referenceOf}
                />
                {code === UNOPENED && (
                  <Button aria-keyshortcuts="n" onClick={openNext}>
                    {t.openNext} <kbd>n</kbd>
                  </Button>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

interface ReasonProps extends Pick<OutcomesProps, 'referenceOf'> {
  why: string;
  ids: readonly string[];
}

function Reason({ why, ids, referenceOf }: ReasonProps) {
  return (
    <details open={ids.length <= FEW}>
      <summary>{labelled(why, text().number(ids.length))}</summary>
      <span class="many-references">
        {ids.map((id) => (
          <Reference key={id} id={id} reference={referenceOf(id) ?? id} />
        ))}
      </span>
    </details>
  );
}

export function Reference({ id, reference }: { id: string; reference: string }) {
  return (
    <a class="reference" href={pathTo(`reports/${id}`)}>
      {reference}
    </a>
  );
}
