/** The report that is open by its receipt. Receipt and report are in memory only. */

import { signal } from '@preact/signals';
import { useCallback, useRef } from 'preact/hooks';

import { createApi, problemOf, type Schemas } from '../../shared/api.ts';
import { sentences, useSaid } from '../../shared/language.ts';
import type { Entry } from '../../../sdk/outbox/types.ts';

export type OwnReport = Schemas['OwnReport'];
export type Message = Schemas['Message'];

/** What a call came to: done, the API's words on why not, or no network. */
export type Outcome<T> =
  | { readonly done: true; readonly value: T }
  | { readonly done: false; readonly code: string; readonly detail: string };

export const receipt = signal<string | null>(null);
export const report = signal<OwnReport | null>(null);
/** Messages before those that the report holds, and the cursor to those before them. */
export const earlier = signal<readonly Message[]>([]);
export const earlierCursor = signal<string | null>(null);
export const lookedAt = signal<Date | null>(null);
/** Grows when officers have changed the report while it was open; 0 when the person has seen that. */
export const news = signal(0);

// It takes seconds at most; after these, the page looks as often as always.
const ARRIVAL_MS = [1000, 1000, 2000, 4000];

let etag: string | null = null;
/** Grows whenever a report is opened or closed: an answer that was for the one before is too late. */
let turn = 0;

const api = createApi({ receipt: () => receipt.value });

/**
 * Open the report of a receipt in its canonical form. Return null when another one was opened, or this
 * one left, before the answer came.
 */
export async function openReport(given: string): Promise<Outcome<OwnReport> | null> {
  closeReport();
  const mine = turn;
  receipt.value = given;
  const outcome = await ask(() => api.GET('/v1/reports/mine'));
  if (mine !== turn) return null;
  if (!outcome.done) {
    receipt.value = null;
    return outcome;
  }
  take(outcome.value);
  return outcome;
}

/** Forget the report and its receipt. */
export function closeReport(): void {
  turn += 1;
  receipt.value = null;
  report.value = null;
  earlier.value = [];
  earlierCursor.value = null;
  lookedAt.value = null;
  news.value = 0;
  etag = null;
}

/**
 * Read the report again; an unchanged one costs nothing. Return whether it could be read.
 *
 * `why` is an own step, or a look for news: what was new before is then seen. Otherwise it is time.
 */
export async function refresh(why: 'step' | 'look' | 'time' = 'time'): Promise<boolean> {
  const before = report.value;
  const mine = turn;
  if (!before) return false;
  if (why !== 'time') news.value = 0;
  try {
    const { data, response } = await api.GET('/v1/reports/{report_id}', {
      params: { path: { report_id: before.id } },
      headers: etag ? { 'If-None-Match': etag } : {},
    });
    if (mine !== turn) return false;
    if (response.status === 410 && report.value) closeReport();
    if (response.status !== 304 && !data) return false;
    lookedAt.value = new Date();
    if (!data) return true;
    etag = response.headers.get('ETag');
    if (hasNews(before, data, why === 'step')) news.value += 1;
    take(data);
    return true;
  } catch {
    return false;
  }
}

/** Read the report again until the service has found the files that were just sent to it. */
export async function refreshUntilArrived(): Promise<void> {
  const id = report.value?.id;
  for (const pause of ARRIVAL_MS) {
    await refresh();
    const now = report.value;
    if (now?.id !== id || !now?.media.some(({ state }) => state === 'awaiting')) return;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

export async function loadEarlier(): Promise<Outcome<null>> {
  const cursor = earlierCursor.value ?? report.value?.messages_cursor;
  const mine = turn;
  if (!cursor) return { done: true, value: null };
  const outcome = await ask(() =>
    api.GET('/v1/reports/{report_id}/messages', { params: { path: path(), query: { cursor } } }),
  );
  if (!outcome.done) return outcome;
  if (mine !== turn) return { done: true, value: null };
  earlier.value = [...outcome.value.items, ...earlier.value];
  earlierCursor.value = outcome.value.next_cursor;
  return { done: true, value: null };
}

export function addPosition(
  position: Schemas['NewPosition'],
  key: string,
): Promise<Outcome<Schemas['AddedPosition']>> {
  return ask(() =>
    api.POST('/v1/reports/{report_id}/positions', {
      params: { path: path(), header: { 'Idempotency-Key': key } },
      body: position,
    }),
  );
}

export function giveFeedback(helped: boolean): Promise<Outcome<Schemas['Answered']>> {
  return ask(() =>
    api.POST('/v1/reports/{report_id}/feedback', { params: { path: path() }, body: { helped } }),
  );
}

export function loadProof(): Promise<Outcome<Schemas['Proof']>> {
  return ask(() => api.GET('/v1/reports/{report_id}/proof', { params: { path: path() } }));
}

export async function withdraw(): Promise<Outcome<null>> {
  const outcome = await ask(async () => {
    const answer = await api.DELETE('/v1/reports/{report_id}', { params: { path: path() } });
    return { ...answer, data: answer.response.ok ? null : undefined };
  });
  return outcome;
}

function path(): { report_id: string } {
  return { report_id: report.value?.id ?? '' };
}

function take(fresh: OwnReport): void {
  report.value = fresh;
  lookedAt.value = new Date();
}

/**
 * Return whether officers or the service changed something that the person should look at. After an
 * own step, its status is no news.
 */
export function hasNews(before: OwnReport, after: OwnReport, ownStep: boolean): boolean {
  const ofOfficers = ({ messages }: OwnReport): number =>
    messages.filter(({ from }) => from === 'officer').length;
  return (
    (!ownStep && before.status !== after.status) ||
    ofOfficers(before) !== ofOfficers(after) ||
    saidOf(before.passed_on) !== saidOf(after.passed_on) ||
    before.masks.length !== after.masks.length ||
    before.media.filter(({ from }) => from === 'officer').length !==
      after.media.filter(({ from }) => from === 'officer').length
  );
}

function saidOf(passedOn: OwnReport['passed_on']): string {
  return passedOn.map(({ agency, state }) => `${agency} ${state}`).join('\n');
}

/** Call the API; a broken connection is an outcome too. */
async function ask<T>(
  call: () => Promise<{ data?: T | undefined; error?: unknown; response: Response }>,
): Promise<Outcome<T>> {
  try {
    const { data, error, response } = await call();
    if (data !== undefined && response.ok) return { done: true, value: data };
    const problem = problemOf(error);
    return { done: false, code: problem?.code ?? '', detail: fieldsOf(problem) };
  } catch {
    return { done: false, code: '', detail: '' };
  }
}

/** Return what is wrong in the API's words: that of a field says more than the whole. */
function fieldsOf(problem: ReturnType<typeof problemOf>): string {
  const details = problem?.errors?.map(({ detail }) => detail) ?? [];
  return details.length > 0 ? sentences(...details) : (problem?.detail ?? '');
}

/** What is said when a report is closed: whether its receipt is still on this device. */
type Holder = Pick<Entry, 'receipt' | 'confirmed' | 'category'>;

/**
 * Return why a receipt is still on this device; null if it is not. Until the person says that they
 * have it, or else as long as files are not sent.
 */
export function whyKept(
  entries: readonly Holder[],
  receipt: string | null,
): 'unconfirmed' | 'files' | null {
  const holders = entries.filter((entry) => receipt !== null && entry.receipt === receipt);
  if (holders.length === 0) return null;
  // Files that are added later have no category, and nothing to confirm.
  const isAsked = holders.some(({ category, confirmed }) => category !== '' && !confirmed);
  return isAsked ? 'unconfirmed' : 'files';
}

/** What the latest step on "my report" came to. */
const latest = signal<object | null>(null);

/**
 * Like `useSaid`, for steps beside each other: what one of them came to is gone when another says
 * something, so that nobody takes an old word for the new one's.
 */
export function useLatest<T>(nothing: T): [T, (words: T | (() => T)) => void] {
  const [said, setSaid] = useSaid(nothing);
  const step = useRef({});
  const say = useCallback((words: T | (() => T)) => {
    latest.value = step.current;
    setSaid(words);
  }, []);
  return [latest.value === step.current ? said : nothing, say];
}
