import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Limiter, Rate } from '../../src/middleware/rate-limit/limiter.ts';

/** A limiter under test and its clock. */
export interface LimiterUnderTest {
  readonly limiter: Limiter;
  /** Milliseconds on the limiter's clock, from anywhere. */
  now(): number;
  /** Lets time pass. */
  advance(milliseconds: number): void | Promise<void>;
}

/**
 * What every limiter promises. `slack` is how many milliseconds the clock of a test may be off by; `runs` how many random
 * courses are tried.
 */
export function describeLimiterContract(
  name: string,
  make: (rate: Rate) => LimiterUnderTest | Promise<LimiterUnderTest>,
  { slack, runs }: { readonly slack: number; readonly runs: number },
): void {
  const rate: Rate = { perSecond: 20, burst: 3, maxDelay: 25 };

  describe(`${name} keeps the contract of limiters`, () => {
    it('[SEC-rate] gives a burst at once, then refuses, and says for how long', async () => {
      // Slow enough that no machine is late for it; how long the test itself took is on the limiter's own clock.
      const { limiter, now } = await make({ perSecond: 0.1, burst: 3, maxDelay: 0 });
      const began = now();
      for (let i = 0; i < 3; i++) expect(await limiter.take('a')).toBe(0);
      const delay = await limiter.take('a');
      expect(delay).toBeGreaterThan(10_000 - (now() - began) - slack);
      expect(delay).toBeLessThanOrEqual(10_000);
    });

    it('[SEC-rate] takes nothing from who is refused', async () => {
      const { limiter, advance } = await make({ ...rate, maxDelay: 0 });
      for (let i = 0; i < 20; i++) await limiter.take('a');
      await advance(50 + slack);
      expect(await limiter.take('a')).toBe(0);
    });

    it('[SEC-rate] reserves a token that comes soon, once', async () => {
      const { limiter } = await make({ perSecond: 0.1, burst: 3, maxDelay: 12_000 });
      for (let i = 0; i < 3; i++) await limiter.take('a');
      expect(await limiter.take('a')).toBeLessThanOrEqual(10_000);
      expect(await limiter.take('a')).toBeGreaterThan(12_000);
    });

    it('[SEC-rate] keeps no more than the burst, however long the pause', async () => {
      // Three pauses long enough for a token each, where two have room.
      const { limiter, advance } = await make({ perSecond: 2, burst: 2, maxDelay: 0 });
      for (let i = 0; i < 2; i++) await limiter.take('a');
      await advance(1_600);
      expect([await limiter.take('a'), await limiter.take('a')]).toEqual([0, 0]);
      expect(await limiter.take('a')).toBeGreaterThan(0);
    });

    it('[SEC-rate] counts every key for itself', async () => {
      const { limiter } = await make({ perSecond: 0.1, burst: 1, maxDelay: 0 });
      expect(await limiter.take('a')).toBe(0);
      expect(await limiter.take('b')).toBe(0);
      expect(await limiter.take('a')).toBeGreaterThan(0);
    });

    it('[SEC-rate] conserves tokens: in any span no more than the burst and what came in', async () => {
      const steps = fc.array(fc.tuple(fc.nat({ max: 60 }), fc.constantFrom('a', 'b')), { maxLength: 40 });
      await fc.assert(
        fc.asyncProperty(steps, async (course) => {
          const { limiter, advance, now } = await make(rate);
          const granted = new Map<string, number[]>();
          for (const [pause, key] of course) {
            if (pause > 0) await advance(pause);
            const before = now();
            const delay = await limiter.take(key);
            if (delay <= rate.maxDelay) granted.set(key, [...(granted.get(key) ?? []), before + delay]);
          }
          for (const times of granted.values()) {
            for (const [first, from] of times.entries()) {
              for (const [offset, to] of times.slice(first).entries()) {
                const span = to - from + slack;
                expect(offset + 1).toBeLessThanOrEqual(rate.burst + (span * rate.perSecond) / 1_000 + 1e-6);
              }
            }
          }
        }),
        { numRuns: runs },
      );
    });
  });
}
