/** What is done with the reports that are chosen in the queue. */

import { useEffect, useMemo, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { useDesk } from '../desk.ts';
import { Into } from '../incidents/into.tsx';
import { text as ofIncidents } from '../incidents/texts.ts';
import { ok, Refusal, useStep } from '../parts/asking.tsx';
import { focusPart } from '../parts/focus.ts';
import { InParts, type Part } from '../parts/in-parts.ts';
import { type Asked, type StepBody, StepDialog, type StepKind, Outcomes, OUTCOMES } from '../parts/many.tsx';
import { text as ofMany } from '../parts/many-texts.ts';
import { Undo } from '../parts/undo.tsx';
import type { ListedReport } from '../types.ts';
import type { ReportList } from './list.ts';
import { queueTexts } from './texts.ts';

const STEPS: readonly StepKind[] = ['acknowledged', 'assign', 'closed'];

/** What came of a step, with the rows as they were before; and what would undo it. */
interface Result {
  said: (done: number) => string;
  parts: InParts;
  rows: ReadonlyMap<string, ListedReport>;
  undo: (() => Promise<unknown>) | null;
}

interface ChosenProps {
  list: ReportList;
  /** The step that a key asks for. */
  asked: Asked | null;
  ask: (asked: Asked | null) => void;
}

export function Chosen({ list, asked, ask }: ChosenProps) {
  const t = queueTexts();
  const { api, pulse } = useDesk();
  const [result, setResult] = useState<Result | null>(null);
  const step = useStep();
  const ids = list.selection.ids.value;
  // As they were when the step was asked for: what changes behind the dialog is not what was seen.
  const rows = useMemo(
    () => (list.rows.peek() ?? []).filter(({ id }) => asked?.ids?.includes(id)),
    [list, asked],
  );
  const known = new Map(rows.map((row) => [row.id, row]));
  const isUnderway = ids.length > 0;
  useEffect(() => {
    if (isUnderway) setResult((was) => (was?.undo ? was : null));
  }, [isUnderway]);

  const post = async (body: StepBody, some: readonly ListedReport[]): Promise<Part> => {
    const reports = some.map(({ id, version }) => ({ id, version }));
    if (reports.length === 0) return { done: 0, left: [] };
    return ok(api.POST('/v1/officer/reports/steps', { body: { ...body, reports } }));
  };
  const send = (body: StepBody, some: readonly string[] | null): Promise<Part> =>
    post(body, (some ?? []).flatMap((id) => known.get(id) ?? []));
  const show = async (found: Result) => {
    list.selection.only(found.parts.left.map(({ id }) => id));
    setResult(found);
    pulse.stepped();
    focusPart(OUTCOMES);
    await list.refresh();
  };
  /** Give each back to whoever had it: by the version that the step made. */
  const giveBack = (before: readonly ListedReport[]) => () =>
    step.run(async () => {
      const parts = new InParts(before.map(({ id }) => id));
      await parts.run(async (some) => {
        const part = { done: 0, left: [] as Part['left'] };
        for (const assignee of new Set(before.map((row) => row.assignee))) {
          const theirs = before.filter((row) => row.assignee === assignee && some?.includes(row.id));
          const now = theirs.map((row) => ({ ...row, version: row.version + 1 }));
          const { done, left } = await post({ assignee, skip_unread: false }, now);
          part.done += done;
          part.left = [...part.left, ...left];
        }
        return part;
      });
      const said = (count: number) => queueTexts().undone(count);
      const left = new Set(parts.left.map(({ id }) => id));
      for (const row of before) {
        if (!left.has(row.id)) list.replace({ ...row, version: row.version + 2 });
      }
      await show({ said, parts, rows: new Map(before.map((row) => [row.id, row])), undo: null });
    });
  const done = async (parts: InParts, body: StepBody) => {
    ask(null);
    const left = new Set(parts.left.map(({ id }) => id));
    const { assignee, status } = body;
    const now = { ...(assignee && { assignee }), ...(status && { status }) };
    const changed = rows.filter(
      (row) => !left.has(row.id) && row.id !== body.duplicate_of && !isSo(row, now),
    );
    for (const row of changed) list.replace({ ...row, ...now, version: row.version + 1 });
    const undo = assignee && changed.length > 0 ? giveBack(changed) : null;
    const said = (count: number) => ofMany().stepped(count, parts.toConfirm);
    await show({ said, parts, rows: known, undo });
  };
  const into = (incident: string) =>
    step.run(async () => {
      const chosen = list.rows.peek()?.filter(({ id }) => ids.includes(id)) ?? [];
      const parts = new InParts(ids);
      const params = { path: { incident_id: incident } };
      await parts.run((some) =>
        ok(
          api.POST('/v1/officer/incidents/{incident_id}/reports', {
            params,
            body: { report_ids: some },
          }),
        ),
      );
      const said = (count: number) => ofIncidents().takenIn(count);
      await show({ said, parts, rows: new Map(chosen.map((row) => [row.id, row])), undo: null });
    });
  const press = (kind: StepKind) => ask({ ids, count: ids.length, step: kind });
  const kinds = ids.length > 1 ? ([...STEPS, 'link'] as const) : STEPS;
  const isOver = () => setResult((was) => was && { ...was, undo: null });
  return (
    <>
      {(isUnderway || result) && (
        <section class="many-bar" aria-label={t.chosen}>
          {result && (
            <Outcomes
              said={result.said(result.parts.done)}
              left={result.parts.left}
              referenceOf={(id) => result.rows.get(id)?.reference ?? null}
            >
              {result.undo && <Undo undo={result.undo} isOver={isOver} />}
              <Button onClick={() => setResult(null)}>{t.hide}</Button>
            </Outcomes>
          )}
          <Refusal failure={step.failure} />
          {isUnderway && (
            <>
              <p role="status">{ofMany().chosen(ids.length)}</p>
              {kinds.map((kind) => (
                <Button key={kind} onClick={() => press(kind)}>
                  {t.steps[kind]}
                </Button>
              ))}
              <Into busy={step.busy} into={into} />
              <Button onClick={() => list.selection.none()}>{ofMany().none}</Button>
            </>
          )}
        </section>
      )}
      <StepDialog
        of="queue"
        byHand
        steps={kinds}
        asked={asked}
        rows={rows}
        send={send}
        onClose={() => ask(null)}
        onDone={done}
      />
    </>
  );
}

/** Whether a row is so already, and has no other version after a step. A link is not in a row. */
function isSo(row: ListedReport, now: Partial<ListedReport>): boolean {
  const names = Object.keys(now) as (keyof ListedReport)[];
  return names.length > 0 && names.every((name) => row[name] === now[name]);
}
