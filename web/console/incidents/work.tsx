/** What an officer does with an incident: take in, choose, split, take out, and step on all of it. */

import { useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { ok, Refusal, Refused, useLoaded, useStep, Waiting } from '../parts/asking.tsx';
import { focusPart } from '../parts/focus.ts';
import { InParts, type Left, type Part } from '../parts/in-parts.ts';
import { type Asked, Reference, StepDialog, type StepKind, Outcomes, OUTCOMES } from '../parts/many.tsx';
import { text as ofMany } from '../parts/many-texts.ts';
import { UNDO, Undo } from '../parts/undo.tsx';
import type { ReportList } from '../queue/list.ts';
import { LiveList } from '../queue/page.tsx';
import { queueTexts } from '../queue/texts.ts';
import type { Action } from '../queue/shortcuts.tsx';
import { go, pathTo } from '../router.ts';
import type { Schemas } from '../types.ts';
import { Into } from './into.tsx';
import { text } from './texts.ts';

// The rows that are shown at most, in pages: the rest is counted.
const SHOWN = 500;

const STEPS: readonly StepKind[] = ['acknowledged', 'in_progress', 'assign', 'closed', 'message'];

interface WorkProps {
  incident: Schemas['Incident'];
  again: () => Promise<void>;
  list: ReportList;
}

/** What came of something done to many reports, in words, and the incident that they went into. */
interface Result {
  said: (done: number) => string;
  parts: InParts;
  into?: string | null;
  /** Whether there was no such incident before. */
  isNew?: boolean;
  undo?: (() => Promise<unknown>) | null;
}

export function Work({ incident, again, list }: WorkProps) {
  const t = text();
  const { api, apart, pulse } = useDesk();
  const path = { incident_id: incident.id };
  const similar = useLoaded(
    () => ok(api.GET('/v1/officer/incidents/{incident_id}/similar', { params: { path } })),
    incident.id,
  );
  const step = useStep();
  const [result, setResult] = useState<Result | null>(null);
  const [asked, setAsked] = useState<Asked | null>(null);
  const chosen = list.selection.ids.value;
  const count = chosen.length || incident.count;
  const ask = () => setAsked({ ids: chosen.length > 0 ? chosen : null, count });
  // A split that has failed half way goes on into the same incident.
  const begun = useRef<{ into: string; ids: readonly string[] } | null>(null);
  const isPart = chosen.length > 0 && chosen.length < incident.count;

  const tell = async (found: Result) => {
    const { left } = found.parts;
    list.selection.only(left.map(({ id }) => id));
    // It is undone when the page has come to rest: before, a press would be lost.
    setResult({ ...found, undo: null });
    pulse.stepped();
    await Promise.all([again(), list.load(), similar.again()]);
    await showMore(list, () => left.every(({ id }) => referenceOf(list, id) !== null));
    setResult(found);
    focusPart(OUTCOMES);
  };
  // What was done before a failure is seen: the next try is for the rest.
  const lookAgain = async () => {
    await Promise.all([again(), list.load(), similar.again()]);
    return false;
  };
  const join = async (ids: readonly string[] | null) => {
    const parts = new InParts(ids);
    await parts.run((some) =>
      ok(
        api.POST('/v1/officer/incidents/{incident_id}/reports', {
          params: { path },
          body: { report_ids: some },
        }),
      ),
    );
    return parts;
  };
  const takeIn = () =>
    step.run(async () => {
      const found = similar.loaded.value;
      const offered = found && offeredOf(found, incident.id, apart);
      const parts = await join(offered && offered.count < found.count ? offered.ids : null);
      await tell({ said: (done) => text().takenIn(done), parts });
    }, lookAgain);
  const name = (id: string) =>
    step.run(async () => tell({ said: (done) => text().takenIn(done), parts: await join([id]) }), lookAgain);
  /** Take reports of an incident into another one; none: into a new one. */
  const move = async (from: string, to: string | null, ids: readonly string[]) => {
    const parts = new InParts(ids);
    let into = to;
    await parts.run(async (some) => {
      const body = { report_ids: some ?? [], into };
      const params = { path: { incident_id: from } };
      const made = await ok(
        api.POST('/v1/officer/incidents/{incident_id}/split', { params, body }),
      );
      into = made.id;
      if (to === null) begun.current = { into, ids };
      return { done: body.report_ids.length - made.left.length, left: made.left };
    });
    begun.current = null;
    return { parts, into };
  };
  const undone = (again: () => Promise<InParts>) => () =>
    step.run(async () => {
      const parts = await again();
      await tell({ said: (done) => queueTexts().undone(done), parts });
    }, lookAgain);
  const split = () =>
    step.run(async () => {
      const isRest = chosen.every((id) => begun.current?.ids.includes(id));
      const { parts, into } = await move(
        incident.id,
        (isRest && begun.current?.into) || null,
        chosen,
      );
      const moved = without(chosen, parts.left);
      const undo = into
        ? undone(async () => (await move(into, incident.id, moved)).parts)
        : null;
      await tell({ said: (done) => text().isSplit(done), parts, into, isNew: true, undo });
    }, lookAgain);
  const into = (to: string) =>
    step.run(async () => {
      if (chosen.length === 0) await showMore(list, () => false);
      const ids = chosen.length > 0 ? chosen : (list.rows.value?.map(({ id }) => id) ?? []);
      const { parts } = await move(incident.id, to, ids);
      // Nothing may be left here: it goes on where they are.
      if (parts.left.length === 0 && ids.length >= incident.count) return go(pathTo(`incidents/${to}`));
      await tell({ said: (done) => text().isMoved(done), parts, into: to });
    }, lookAgain);
  const takeOut = () =>
    step.run(async () => {
      const parts = new InParts(chosen);
      await parts.run(async (ids): Promise<Part> => {
        const left: Left[] = [];
        for (const id of ids ?? []) {
          const params = { path: { ...path, report_id: id } };
          const outcome = await outcomeOf<unknown>(
            api.DELETE('/v1/officer/incidents/{incident_id}/reports/{report_id}', { params }),
          );
          if (outcome.ok) continue;
          // Without a connection the others need not be tried.
          if (outcome.failure.status === 0) throw new Refused(outcome.failure);
          left.push({ id, code: outcome.failure.code });
        }
        return { done: (ids?.length ?? 0) - left.length, left };
      });
      const out = without(chosen, parts.left);
      // What was just taken out is not offered again.
      for (const id of out) apart.add(pairOf(incident.id, id));
      const undo = undone(() => {
        for (const id of out) apart.delete(pairOf(incident.id, id));
        return join(out);
      });
      await tell({ said: (done) => text().takenOut(done), parts, undo });
    }, lookAgain);
  const act = (action: Action) => {
    if (step.busy) return;
    const found = similar.loaded.value;
    if (action === 'takeIn' && found && offeredOf(found, incident.id, apart).count > 0) void takeIn();
    if (action === 'undo') document.getElementById(UNDO)?.click();
    if (action === 'split' && isPart) void split();
    if (action === 'takeOut' && chosen.length > 0) void takeOut();
    if (action === 'step') ask();
  };
  const chooseAll = async () => {
    await showMore(list, () => false);
    list.selection.all();
  };
  return (
    <>
      {result && (
        <Outcomes
          said={result.said(result.parts.done)}
          left={result.parts.left}
          referenceOf={(id) => referenceOf(list, id)}
        >
          {result.undo && (
            <Undo
              undo={result.undo}
              isOver={() => setResult((was) => was && { ...was, undo: null })}
            />
          )}
          {result.into && (
            <a href={pathTo(`incidents/${result.into}`)}>{result.isNew ? t.toNew : t.toOther}</a>
          )}
        </Outcomes>
      )}
      <Waiting loaded={similar.loaded} again={similar.again}>
        {(found) => (
          <Similar
            found={offeredOf(found, incident.id, apart)}
            busy={step.busy}
            takeIn={takeIn}
            name={name}
            again={similar.again}
          />
        )}
      </Waiting>
      <Refusal failure={step.failure} />
      <p class="hint many-keys">{t.keys}</p>
      <LiveList list={list} act={act} choosable />
      <section class="many-bar" aria-label={t.bar}>
        <p role="status">{ofMany().chosen(chosen.length)}</p>
        {chosen.length === 0 ? (
          <Button onClick={chooseAll}>{t.all}</Button>
        ) : (
          <Button onClick={() => list.selection.none()}>{ofMany().none}</Button>
        )}
        {isPart && (
          <Button busy={step.busy} onClick={split}>
            {t.split} <kbd>p</kbd>
          </Button>
        )}
        {chosen.length > 0 && (
          <Button busy={step.busy} onClick={takeOut}>
            {t.takeOut} <kbd>o</kbd>
          </Button>
        )}
        <Into except={incident.id} busy={step.busy} into={into} />
        <Button kind="primary" busy={step.busy} onClick={ask}>
          {t.step(count, chosen.length > 0)} <kbd>s</kbd>
        </Button>
      </section>
      <StepDialog
        of={incident.id}
        steps={STEPS}
        asked={asked}
        rows={list.rows.value?.filter(({ id }) => asked?.ids?.includes(id) ?? true) ?? []}
        send={(body, ids, key) =>
          ok(
            api.POST('/v1/officer/incidents/{incident_id}/steps', {
              params: { path, header: { 'Idempotency-Key': key } },
              body: { ...body, report_ids: ids },
            }),
          )
        }
        onClose={() => setAsked(null)}
        onDone={async (parts) => {
          setAsked(null);
          await tell({ said: (done) => ofMany().stepped(done, parts.toConfirm), parts });
        }}
      />
    </>
  );
}

interface SimilarProps {
  found: Offered;
  busy: boolean;
  takeIn: () => Promise<unknown>;
  /** Take one in that is not taken in unasked. */
  name: (id: string) => Promise<unknown>;
  again: () => Promise<void>;
}

/** What could join: shown before it is taken in, and still as its own rows of the queue. */
function Similar({ found, busy, takeIn, name, again }: SimilarProps) {
  const t = text();
  const { count, items } = found;
  return (
    <>
      {count === 0 && (
        <p class="many-none">
          <span class="muted">{t.none(noneOf(found))}</span>{' '}
          <Button onClick={again}>{t.lookAgain}</Button>
        </p>
      )}
      {count > 0 && (
        <section class="card many-similar" aria-labelledby="similar">
          <h2 id="similar">{t.similar(count)}</h2>
          <p class="many-references">
            {items.map((each) => (
              <Reference key={each.id} id={each.id} reference={each.reference} />
            ))}
            {count > items.length && t.andMore(count - items.length)}
          </p>
          <Button kind="primary" busy={busy} onClick={takeIn}>
            {t.takeIn(count)} <kbd>i</kbd>
          </Button>
          <p class="hint">{t.takeInHint}</p>
        </section>
      )}
      {found.others.length > 0 && (
        <section class="card many-similar" aria-labelledby="beside">
          <h2 id="beside">{t.others(found.others_count)}</h2>
          <p class="hint">{t.othersHint}</p>
          <ul class="related">
            {found.others.map((each) => (
              <li key={each.id}>
                <Reference id={each.id} reference={each.reference} />{' '}
                <Button busy={busy} aria-label={t.takeOne(each.reference)} onClick={() => name(each.id)}>
                  {t.takeIn(1)}
                </Button>
              </li>
            ))}
          </ul>
          {found.others_count > found.others.length && (
            <p class="hint">{t.andMore(found.others_count - found.others.length)}</p>
          )}
        </section>
      )}
    </>
  );
}

type Offered = Schemas['SimilarReports'] & { ids: string[] };

/** Return what could join, without what this officer has taken out. */
export function offeredOf(
  found: Schemas['SimilarReports'],
  incident: string,
  apart: ReadonlySet<string>,
): Offered {
  const isOffered = ({ id }: { id: string }) => !apart.has(pairOf(incident, id));
  const left = found.items.filter(isOffered);
  const others = found.others.filter(isOffered);
  return {
    ...found,
    count: found.count - (found.items.length - left.length),
    items: left,
    others_count: found.others_count - (found.others.length - others.length),
    others,
    ids: left.map(({ id }) => id),
  };
}

/** Return why nothing is taken in: nothing is like it, others are only near, or nobody can say. */
export function noneOf({ compared, others_count }: Schemas['SimilarReports']): 'none' | 'others' | 'gone' {
  if (others_count > 0) return 'others';
  return compared ? 'none' : 'gone';
}

function pairOf(incident: string, id: string): string {
  return `${incident} ${id}`;
}

function without(ids: readonly string[], left: readonly Left[]): string[] {
  return ids.filter((id) => left.every((each) => each.id !== id));
}

function referenceOf(list: ReportList, id: string): string | null {
  return list.rows.value?.find((row) => row.id === id)?.reference ?? null;
}

/** Show more rows until it is enough, or as many are shown as there may be. */
async function showMore(list: ReportList, isEnough: () => boolean): Promise<void> {
  const shown = () => list.rows.value?.length ?? 0;
  for (let before = 0; !isEnough() && shown() > before && shown() < SHOWN; ) {
    before = shown();
    await list.more();
  }
}
