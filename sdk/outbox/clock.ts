/** Time, as the outbox sees it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Run something after so many milliseconds. Return what stops it. */
  after(ms: number, run: () => void): () => void;
}

export const browserClock: Clock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
