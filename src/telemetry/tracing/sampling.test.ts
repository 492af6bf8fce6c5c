import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { chooseSampler } from './sampling.ts';

const parent = (sampled: boolean) => ({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled, state: undefined });
const traceIds = Array.from({ length: 4_000 }, () => randomBytes(16).toString('hex'));
const share = (sample: ReturnType<typeof chooseSampler>): number =>
  traceIds.filter((traceId) => sample(traceId, undefined)).length / traceIds.length;

describe('[TEL-sampling] which requests are traced', () => {
  test.each<[string, number, Record<string, string>, number, boolean, boolean]>([
    ['the rate, unless the caller has decided', 0.25, {}, 0.25, true, false],
    ['none of those that nobody asked for', 0, {}, 0, true, false],
    ['the environment before the option', 0, { OTEL_TRACES_SAMPLER: 'always_on' }, 1, true, true],
    ['nothing at all', 1, { OTEL_TRACES_SAMPLER: 'always_off' }, 0, false, false],
    ['only what callers want', 1, { OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, 0, true, false],
    ['everything but what callers do not want', 0, { OTEL_TRACES_SAMPLER: 'parentbased_always_on' }, 1, true, false],
    [
      'a rate of the environment',
      1,
      { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.1' },
      0.1,
      true,
      false,
    ],
    ['a name that nobody knows is none', 1, { OTEL_TRACES_SAMPLER: 'jaeger_remote' }, 1, true, false],
    ['no number is no rate', 0, { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: 'x' }, 1, true, true],
  ])('%s', (_what, rate, env, expected, ifAsked, ifNotAsked) => {
    const sample = chooseSampler(rate, env);
    expect(share(sample)).toBeCloseTo(expected, expected === 0 || expected === 1 ? 9 : 1);
    expect(sample('a'.repeat(32), parent(true))).toBe(ifAsked);
    expect(sample('a'.repeat(32), parent(false))).toBe(ifNotAsked);
  });

  test('a higher rate keeps what a lower one keeps, by the end of the trace id only', () => {
    const [low, high] = [chooseSampler(0.1, {}), chooseSampler(0.5, {})];
    for (const traceId of traceIds) if (low(traceId, undefined)) expect(high(traceId, undefined)).toBe(true);
    const kept = `${'0'.repeat(18)}${'f'.repeat(14)}`;
    expect(low(kept, undefined)).toBe(true);
    expect(low(`${'f'.repeat(18)}${'0'.repeat(14)}`, undefined)).toBe(false);
    // The threshold itself: R >= T, where T is the rejected share of 2^56.
    expect(high(`${'0'.repeat(18)}80${'0'.repeat(12)}`, undefined)).toBe(true);
    expect(high(`${'0'.repeat(18)}7${'f'.repeat(13)}`, undefined)).toBe(false);
  });
});
