/** What a page asks the API, and what becomes of it, as hooks. */

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { language } from '../../shared/language.ts';
import { useSaid } from '../../shared/said.ts';
import { type Failure, outcomeOf } from '../calls.ts';

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
