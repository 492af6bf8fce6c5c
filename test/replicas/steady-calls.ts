/** A call of a steady series, in milliseconds of `performance.now()`. */
export interface SteadyCall {
  readonly begun: number;
  /** Absent while it is under way. */
  readonly ended?: number;
  /** HTTP status, or what went wrong with the connection. */
  readonly outcome?: number | string;
}

export interface SteadyCalls {
  readonly calls: readonly SteadyCall[];
  /** Begins no more of them and waits for those under way. */
  finish(): Promise<readonly SteadyCall[]>;
}

/**
 * Calls at a steady rate until finished. What a busy machine keeps it from beginning in time is begun right afterwards, so
 * that the rate holds over any second.
 */
export function startSteadyCalls(perSecond: number, call: () => Promise<number>): SteadyCalls {
  const calls: SteadyCall[] = [];
  const running: Promise<void>[] = [];
  const started = performance.now();
  const timer = setInterval(() => {
    while (calls.length < ((performance.now() - started) / 1_000) * perSecond) running.push(callOnce());
  }, 5);

  async function callOnce(): Promise<void> {
    const index = calls.length;
    const begun = performance.now();
    calls.push({ begun });
    const outcome = await call().catch((error: unknown) => String(error));
    calls[index] = { begun, ended: performance.now(), outcome };
  }

  return {
    calls,
    async finish() {
      clearInterval(timer);
      await Promise.all(running);
      return calls;
    },
  };
}
