/** What a page asks the API, and what becomes of it, as hooks. */

import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import { Button, Spinner } from '../../shared/components/button.tsx';
import { language, texts, useSaid } from '../../shared/language.ts';
import { type Failure, outcomeOf } from '../calls.ts';
import './refusal.css';

/** A call that did not succeed. */
export class Refused extends Error {
  constructor(readonly failure: Failure) {
    super(failure.code);
  }
}

/** Return the body of a success. Raises Refused. */
export async function ok<T>(call: Parameters<typeof outcomeOf<T>>[0]): Promise<T> {
  const outcome = await outcomeOf(call);
  if (!outcome.ok) throw new Refused(outcome.failure);
  return outcome.data;
}

export type Loaded<T> =
  | { state: 'loading'; value: T | null }
  | { state: 'failed'; value: T | null; failure: Failure }
  | { state: 'loaded'; value: T };

export interface Reading<T> {
  loaded: Loaded<T>;
  /** Read it again. What was read before stays until then. */
  again: () => Promise<void>;
}

/** Read something now, and anew whenever `key` changes. */
export function useLoaded<T>(read: () => Promise<T>, key: string): Reading<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>({ state: 'loading', value: null });
  const latest = useRef({ read, turn: 0 });
  latest.current.read = read;
  const again = useCallback(async () => {
    const turn = ++latest.current.turn;
    const isLatest = (): boolean => turn === latest.current.turn;
    setLoaded((was) => ({ state: 'loading', value: was.value }));
    try {
      const value = await latest.current.read();
      if (isLatest()) setLoaded({ state: 'loaded', value });
    } catch (error) {
      const failure = failureIn(error);
      if (isLatest()) setLoaded((was) => ({ state: 'failed', value: was.value, failure }));
    }
  }, []);
  useEffect(() => {
    setLoaded({ state: 'loading', value: null });
    void again();
    return () => {
      latest.current.turn++;
    };
  }, [key, again]);
  return { loaded, again };
}

/** Read again in another language of the page, in which the API speaks too. What is begun stays. */
export function useLanguage(again: () => Promise<void>): void {
  const read = useRef(language.value);
  useEffect(() => {
    if (read.current === language.value) return;
    read.current = language.value;
    void again();
  }, [again, language.value]);
}

/** A step that an officer takes: one at a time, and why the last one failed. */
export interface Step {
  busy: boolean;
  failure: Failure | null;
  /**
   * Take the step, and return whether it succeeded. `deal` may deal with a failure itself: it then
   * returns true, and nothing more is said about it.
   */
  run: (work: () => Promise<void>, deal?: (failure: Failure) => Promise<boolean>) => Promise<boolean>;
}

export function useStep(): Step {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useSaid<Failure | null>(null);
  const run: Step['run'] = async (work, deal) => {
    setBusy(true);
    setFailure(null);
    try {
      await work();
      return true;
    } catch (error) {
      const found = failureIn(error);
      if (!(await deal?.(found))) setFailure(found);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, failure, run };
}

function failureIn(error: unknown): Failure {
  if (error instanceof Refused) return error.failure;
  throw error;
}

export interface WaitingProps<T> {
  loaded: Loaded<T>;
  again: () => Promise<void>;
  children: (value: T) => ComponentChildren;
}

/** What was read, or that it is on the way, or why it is not there. */
export function Waiting<T>({ loaded, again, children }: WaitingProps<T>) {
  return (
    <>
      {loaded.state === 'failed' && (
        <>
          <Refusal failure={loaded.failure} />
          <Button onClick={() => void again()}>{text().again}</Button>
        </>
      )}
      {loaded.state === 'loading' && loaded.value === null && (
        <p class="muted" role="status">
          <Spinner /> {text().loading}
        </p>
      )}
      {loaded.value !== null && children(loaded.value)}
    </>
  );
}

const text = texts({
  en: { loading: 'Loading…', again: 'Try again' },
  zh: { loading: '正在加载……', again: '重试' },
});

/** Why a step was refused, in the API's own words. It takes the focus, so that it is read out. */
export function Refusal({ failure }: { failure: Failure | null }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (failure) box.current?.focus();
  }, [failure]);
  if (!failure) return null;
  const { problem } = failure;
  const errors = problem?.errors ?? [];
  return (
    <div class="refusal" role="alert" tabIndex={-1} ref={box}>
      {problem && <p class="refusal__title">{problem.title}</p>}
      <p>{problem?.detail ?? failure.text}</p>
      {errors.length > 0 && (
        <ul>
          {errors.map((each) => (
            <li key={each.field}>
              <code>{each.field}</code>: {each.detail}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** What is being prepared is asked for again, a few times only: each read is on record. */
// A new picture takes some seconds. A redaction is begun once a minute, so that most take less than
// a minute and a half.
const REREADS_S = [1, 2, 3, 4, 10, 20, 20, 30];

/** Read again while something is being prepared. */
export function useRereads(isPreparing: boolean, again: () => Promise<void>): void {
  const [turn, setTurn] = useState(0);
  const wait = isPreparing ? REREADS_S[turn] : undefined;
  useEffect(() => {
    if (!isPreparing) setTurn(0);
  }, [isPreparing]);
  useEffect(() => {
    if (wait === undefined) return undefined;
    const timer = setTimeout(() => {
      setTurn((before) => before + 1);
      void again();
    }, wait * 1000);
    return () => clearTimeout(timer);
  }, [wait, again]);
}
