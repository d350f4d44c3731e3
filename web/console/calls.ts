/** Calls of the API, and what to say when one fails. */

import { problemOf } from '../shared/api.ts';
import { sentences, texts } from '../shared/language.ts';
import type { Api, Problem, ReportChange, Schemas } from './types.ts';

export interface Failure {
  /** 0 without any response. */
  status: number;
  code: string;
  problem: Problem | null;
  /** What to tell the officer, in the language of the screen. */
  text: string;
}

export interface Done<T> {
  ok: true;
  data: T;
  response: Response;
}

export type Outcome<T> = Done<T> | { ok: false; failure: Failure };

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Wait for a call, and return what came of it. It never raises. */
export async function outcomeOf<T>(call: Promise<Answer<T>>): Promise<Outcome<T>> {
  try {
    const { data, error, response } = await call;
    if (response.ok) return { ok: true, data: data as T, response };
    return { ok: false, failure: failureOf(response, error) };
  } catch {
    const text = callTexts().offline;
    return { ok: false, failure: { status: 0, code: 'offline', problem: null, text } };
  }
}

/** Return the fields of a problem as lines: each says what is wrong with it. */
export function fieldLines(problem: Problem | null): string[] {
  return (problem?.errors ?? []).map(({ detail }) => detail);
}

function failureOf(response: Response, error: unknown): Failure {
  const problem = problemOf(error);
  const { status } = response;
  return { status, code: problem?.code ?? '', problem, text: textOf(status, problem) };
}

function textOf(status: number, problem: Problem | null): string {
  const t = callTexts();
  if (problem === null) return t.unexpected(status);
  const said = [problem.detail || problem.title, ...fieldLines(problem)];
  return sentences(...new Set(said));
}

const callTexts = texts({
  en: {
    // It stays until the next try, also when the connection is back: the bar above says how it is now.
    offline: 'There was no connection. Nothing was changed that you can see; try again.',
    unexpected: (status: number) => `The service could not do it (${status}). Try again.`,
  },
  zh: {
    offline: '当时没有连接，未能确认是否完成，请重试。',
    unexpected: (status: number) => `服务未能完成（${status}），请重试。`,
  },
});

/** The steps that a report can take, and what each sends. */
export type ChangedReport = Schemas['ChangedReport'];

/** Change a report: `match` is the ETag of its opening, which alone can close it, or a version. */
export function changeReport(
  api: Api,
  id: string,
  match: string,
  change: ReportChange,
): Promise<Outcome<ChangedReport>> {
  return outcomeOf(
    api.PATCH('/v1/officer/reports/{report_id}', {
      params: { path: { report_id: id }, header: { 'If-Match': match } },
      body: change,
    }),
  );
}
