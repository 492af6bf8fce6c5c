import { setTimeout as sleep } from 'node:timers/promises';

/** Waits; an abort ends it early. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds > 0 && !signal.aborted) await sleep(milliseconds, undefined, { signal }).catch(() => {});
}

/** The pause after the n-th failure in a row (from 1): doubling from 0.5 s to 30 s, half of it random. */
export function backOff(failures: number): number {
  const whole = Math.min(30_000, 500 * 2 ** Math.min(10, failures - 1));
  return whole / 2 + (Math.random() * whole) / 2;
}
