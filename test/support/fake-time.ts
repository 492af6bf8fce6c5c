import { performance as imported } from 'node:perf_hooks';
import { type MockInstance, vi } from 'vitest';

let clock: MockInstance | undefined;

/**
 * Timers and clocks that stand still until told. Vitest fakes the global `performance` only; the gateway imports its own.
 */
export function useFakeTime(): void {
  vi.useFakeTimers();
  clock = vi.spyOn(imported, 'now').mockImplementation(() => globalThis.performance.now());
}

export function useRealTime(): void {
  clock?.mockRestore();
  vi.useRealTimers();
}
