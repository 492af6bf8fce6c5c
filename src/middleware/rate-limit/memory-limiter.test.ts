import { describe, expect, it } from 'vitest';
import { describeLimiterContract } from '../../../test/support/limiter-contract.ts';
import { MemoryLimiter } from './memory-limiter.ts';

describeLimiterContract(
  'MemoryLimiter',
  (rate) => {
    let now = 0;
    return {
      limiter: new MemoryLimiter(rate, () => now),
      now: () => now,
      advance(milliseconds) {
        now += milliseconds;
      },
    };
  },
  { slack: 1e-6, runs: 300 },
);

describe('MemoryLimiter', () => {
  it('does not give tokens for a clock that goes back', () => {
    let now = 1_000;
    const limiter = new MemoryLimiter({ perSecond: 1, burst: 1, maxDelay: 0 }, () => now);
    expect(limiter.take('a')).toBe(0);
    now = 0;
    expect(limiter.take('a')).toBe(1_000);
  });
});
