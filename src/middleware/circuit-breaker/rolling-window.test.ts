import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RollingWindow } from './rolling-window.ts';

function filled(statuses: readonly number[], latencies: readonly number[] = []) {
  let now = 0;
  const window = new RollingWindow(() => now);
  for (const [index, status] of statuses.entries()) window.record(status, latencies[index] ?? 1);
  return {
    window,
    advance(milliseconds: number) {
      now += milliseconds;
    },
  };
}

describe('the rolling window', () => {
  it.each([
    [[], 0],
    [[200, 200], 0],
    [[200, 502], 0.5],
    [[504, 502, 503, 200], 0.5],
  ])('of %j has a network error ratio of %d', (statuses, ratio) => {
    expect(filled(statuses).window.networkErrorRatio()).toBe(ratio);
  });

  it.each([
    [[], [500, 600, 0, 600], 0],
    [[200, 500, 503, 404], [500, 600, 0, 600], 0.5],
    [[200, 500, 503, 404], [500, 503, 0, 600], 0.25],
    [[200, 200], [500, 600, 500, 600], 0],
  ] as const)('of %j has a response code ratio over %j of %d', (statuses, [a, b, c, d], ratio) => {
    expect(filled(statuses).window.responseCodeRatio(a, b, c, d)).toBe(ratio);
  });

  it('forgets what is older than ten seconds', () => {
    const { window, advance } = filled([502, 502]);
    advance(9_000);
    window.record(200, 5);
    expect([window.total, window.networkErrorRatio()]).toEqual([3, 2 / 3]);
    advance(1_500);
    expect([window.total, window.networkErrorRatio()]).toEqual([1, 0]);
    expect(window.latencyAtQuantile(100)).toBeCloseTo(5, 0);
    advance(60_000);
    expect([window.total, window.latencyAtQuantile(50)]).toEqual([0, 0]);
  });

  it('gives the latency of every quantile to within two percent', () =>
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.01, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 50 }),
        fc.integer({ min: 1, max: 100 }),
        (latencies, quantile) => {
          const { window } = filled(
            latencies.map(() => 200),
            latencies,
          );
          const sorted = latencies.toSorted((a, b) => a - b);
          const exact = sorted[Math.max(1, Math.ceil((sorted.length * quantile) / 100)) - 1] ?? 0;
          expect(Math.abs(window.latencyAtQuantile(quantile) / exact - 1)).toBeLessThan(0.02);
        },
      ),
    ));
});
