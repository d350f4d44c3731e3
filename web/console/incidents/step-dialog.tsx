/** A step on many reports of an incident: chosen, read once more, and then taken. */

import { useEffect, useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Check, choicesOf, Radios, Select } from '../../shared/components/choices.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { ErrorSummary } from '../../shared/components/error-summary.tsx';
import { Form, TextBox } from '../../shared/components/field.tsx';
import { Status } from '../../shared/components/status.tsx';
import { useSaid } from '../../shared/language.ts';
import { useDesk } from '../desk.ts';
import { Keys } from '../drafts.ts';
import { ok, Refusal, useStep } from '../parts/asking.tsx';
import { InParts } from '../parts/in-parts.ts';
import { useOutcomeText } from '../report/fixed-texts.ts';
import type { Colleague, ListedReport, ReportChange } from '../types.ts';
import { words } from '../words.ts';
import { text } from './texts.ts';

const STEPS = ['acknowledged', 'in_progress', 'assign', 'closed', 'message'] as const;
// Each other outcome takes two officers, or names an original: that is for one report alone.
const ENDS = ['resolved', 'no_action', 'not_police'] as const;

/** The chosen reports, or null for all of the incident; and how many these are. */
export interface Asked {
  ids: readonly string[] | null;
  count: number;
}

interface StepDialogProps {
  incident: string;
  /** Shown while something is. */
  asked: Asked | null;
  /** One of the reports: whoever sees it can be assigned. */
  like: ListedReport | undefined;
  onClose: () => void;
  onDone: (parts: InParts) => Promise<void>;
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
  step: (typeof STEPS)[number] | null;
  end: (typeof ENDS)[number] | null;
  assignee: string;
  withUnread: boolean;
}

function Steps(props: StepsProps) {
  const t = text();
  const { me, drafts } = useDesk();
  const [wanted, setWanted] = useState<Wanted>({
    step: null,
    end: null,
    assignee: me.username,
    withUnread: false,
  });
  const [errors, setErrors] = useSaid<{ field: string; text: string }[]>([]);
  const [isRead, setRead] = useState(false);
  const set = (part: Partial<Wanted>) => {
    setWanted({ ...wanted, ...part });
    setErrors([]);
  };
  const { step, end } = wanted;
  const reason = drafts.get(`step-reason:${props.incident}`);
  const message = drafts.get(`step-message:${props.incident}`);
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
        choices={choicesOf(STEPS, t.steps)}
      />
      {step === 'assign' && <Assignee {...props} wanted={wanted} set={set} />}
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
            onValue={(value) => drafts.set(`step-reason:${props.incident}`, value)}
          />
        </>
      )}
      <TextBox
        id="step-message"
        label={t.message}
        optional={step !== 'message'}
        hint={t.messageHint}
        error={error('step-message')}
        rows={3}
        maxLength={4000}
        value={message}
        onValue={(value) => drafts.set(`step-message:${props.incident}`, value)}
      />
      <Check checked={wanted.withUnread} onChange={(withUnread) => set({ withUnread })}>
        {t.withUnread}
      </Check>
      <div class="row">
        <Button type="submit" kind="primary">
          {t.readOnce}
        </Button>
        <Button onClick={props.onClose}>{t.cancel}</Button>
      </div>
    </Form>
  );
}

interface AssigneeProps extends Pick<StepDialogProps, 'like'> {
  wanted: Wanted;
  set: (part: Partial<Wanted>) => void;
}

function Assignee({ like, wanted, set }: AssigneeProps) {
  const { names, me } = useDesk();
  const [colleagues, setColleagues] = useState<Colleague[]>([]);
  const { category = '', district = '' } = like ?? {};
  useEffect(() => {
    if (category) void names.colleagues(category, district).then(setColleagues);
  }, [names, category, district]);
  const others = colleagues.filter(({ username }) => username !== me.username);
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

type ConfirmProps = StepsProps & { wanted: Wanted; back: () => void };

// The same step sent anew has the same key: no reporter gets a message twice.
const keys = new Keys();

/** What will happen, in words; then how far it is. */
function Confirm({ incident, asked, wanted, back, onDone }: ConfirmProps) {
  const t = text();
  const { count } = asked;
  const { api, drafts, names } = useDesk();
  const { step: kind, end, assignee, withUnread } = wanted;
  const step = useStep();
  const [parts] = useState(() => new InParts(asked.ids));
  const [done, setDone] = useState(0);
  const heading = useRef<HTMLParagraphElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const reasonKey = `step-reason:${incident}`;
  const messageKey = `step-message:${incident}`;
  const message = drafts.get(messageKey).trim();
  const change: ReportChange = {
    ...((kind === 'acknowledged' || kind === 'in_progress') && { status: kind }),
    ...(kind === 'assign' && { assignee }),
    ...(kind === 'closed' &&
      end && { status: kind, disposition: end, reason: drafts.get(reasonKey).trim() }),
  };
  const body = { ...change, ...(message && { message }), skip_unread: !withUnread };
  const take = () =>
    step.run(async () => {
      const header = { 'Idempotency-Key': keys.for(JSON.stringify([incident, body])) };
      const params = { path: { incident_id: incident }, header };
      await parts.run(
        (some) =>
          ok(
            api.POST('/v1/officer/incidents/{incident_id}/steps', {
              params,
              body: { ...body, report_ids: some },
            }),
          ),
        () => setDone(parts.done),
      );
      keys.done();
      drafts.set(reasonKey, '');
      drafts.set(messageKey, '');
      await onDone(parts);
    });
  return (
    <>
      <p ref={heading} tabIndex={-1}>
        <strong>{t.will(count)}</strong>
      </p>
      <ul>
        {kind === 'acknowledged' && <li>{t.willAcknowledge}</li>}
        {kind === 'in_progress' && <li>{t.willWork}</li>}
        {kind === 'assign' && <li>{t.willAssign(names.officer(assignee))}</li>}
        {kind === 'closed' && end && <li>{t.willClose(words().disposition[end])}</li>}
        {change.reason && <li>{t.willRead(change.reason)}</li>}
        {message && <li>{t.willWrite(message)}</li>}
        <li>{withUnread ? t.unreadToo : t.unreadStay}</li>
        <li>{kind === 'closed' ? t.criticalStay : t.unopenedStay}</li>
        <li>{t.onRecord}</li>
      </ul>
      <Refusal failure={step.failure} />
      <Status>{done > 0 && t.progress(done, count)}</Status>
      <div class="row">
        <Button kind={message || kind === 'closed' ? 'danger' : 'primary'} busy={step.busy} onClick={take}>
          {t.take(count)}
        </Button>
        {!step.busy && <Button onClick={back}>{t.back}</Button>}
      </div>
    </>
  );
}
