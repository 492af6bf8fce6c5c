import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testExchange } from '../../test/support/exchange.ts';
import { unitHash } from './keyed-hash.ts';
import { type Candidate, createStrategy, pickHighestRandomWeight } from './strategy.ts';

interface Mutable extends Candidate {
  weight: number;
  inFlight: number;
  latency: number;
}

const candidate = (name: string, weight = 1): Mutable => ({ name, weight, inFlight: 0, latency: 0 });
const exchange = testExchange();

describe('[DP-7.strategies] wrr', () => {
  it('gives each its share, spread out', () => {
    const [a, b, c] = [candidate('a', 3), candidate('b', 2), candidate('c', 1)];
    const strategy = createStrategy<Mutable>('wrr');
    const order = Array.from({ length: 12 }, () => strategy.pick([a, b, c], exchange)?.name).join('');
    expect(order.slice(0, 6)).toBe(order.slice(6));
    expect([...order].sort().join('')).toBe('aaaaaabbbbcc');
    expect(order).not.toContain('aaaa');
  });

  it('shares are kept for all weights, after any prefix within one round', () => {
    void fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }), (weights) => {
        const all = weights.map((weight, index) => candidate(String(index), weight));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const strategy = createStrategy<Mutable>('wrr');
        const count = new Map<string, number>();
        for (let i = 1; i <= total * 3; i++) {
          const name = strategy.pick(all, exchange)?.name ?? '';
          count.set(name, (count.get(name) ?? 0) + 1);
          for (const { name, weight } of all) {
            expect(Math.abs((count.get(name) ?? 0) - (i * weight) / total)).toBeLessThan(weights.length + 1);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('one that was away does not come back to a backlog', () => {
    const [a, b] = [candidate('a'), candidate('b')];
    const strategy = createStrategy<Mutable>('wrr');
    for (let i = 0; i < 100; i++) strategy.pick([a], exchange);
    const after = Array.from({ length: 10 }, () => strategy.pick([a, b], exchange)?.name);
    expect(after.filter((name) => name === 'b').length).toBe(5);
  });
});

describe('[DP-7.strategies] p2c', () => {
  it('never takes the busiest of three, and takes the idlest most often', () => {
    const all = [candidate('a'), candidate('b'), candidate('c')];
    for (const [index, one] of all.entries()) one.inFlight = index * 10;
    const strategy = createStrategy<Mutable>('p2c');
    const count = { a: 0, b: 0, c: 0 };
    for (let i = 0; i < 3_000; i++) count[strategy.pick(all, exchange)?.name as 'a' | 'b' | 'c'] += 1;
    expect(count.c).toBe(0);
    expect(count.a / 3_000).toBeCloseTo(2 / 3, 1);
  });
});

describe('[DP-7.strategies] leasttime', () => {
  it('takes the fastest, counting what it is busy with and what it weighs', () => {
    const [a, b] = [candidate('a'), candidate('b', 4)];
    a.latency = 10;
    b.latency = 30;
    const strategy = createStrategy<Mutable>('leasttime');
    expect(strategy.pick([a, b], exchange)).toBe(b);
    b.inFlight = 3;
    expect(strategy.pick([a, b], exchange)).toBe(a);
  });

  it('tries new ones in turn', () => {
    const all = [candidate('a'), candidate('b'), candidate('c')];
    const strategy = createStrategy<Mutable>('leasttime');
    expect(new Set([1, 2, 3].map(() => strategy.pick(all, exchange)?.name)).size).toBe(3);
  });
});

describe('[DP-7.strategies] hrw', () => {
  const pick = (key: string, all: readonly Candidate[]): string =>
    pickHighestRandomWeight(all, testExchange({ clientAddress: key }))?.name ?? '';
  const keys = Array.from({ length: 4_000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);

  it('spreads callers by weight, with names that differ in one digit', () => {
    const all = [candidate('http://10.0.0.1:8080', 3), candidate('http://10.0.0.1:8081', 1)];
    const first = keys.filter((key) => pick(key, all) === all[0]?.name).length;
    expect(first / keys.length).toBeCloseTo(0.75, 1);
  });

  it('moves only the callers of one that left', () => {
    const all = ['a', 'b', 'c', 'd'].map((name) => candidate(`http://server-${name}`));
    const fewer = all.slice(0, 3);
    for (const key of keys) {
      const before = pick(key, all);
      if (before !== all[3]?.name) expect(pick(key, fewer)).toBe(before);
    }
  });
});

describe('every strategy', () => {
  it('answers undefined only for no candidates, and one of them otherwise', () => {
    for (const name of ['wrr', 'p2c', 'hrw', 'leasttime'] as const) {
      const strategy = createStrategy<Mutable>(name);
      expect(strategy.pick([], exchange)).toBeUndefined();
      for (let size = 1; size < 5; size++) {
        const all = Array.from({ length: size }, (_, index) => candidate(String(index), index + 1));
        for (let i = 0; i < 20; i++) expect(all).toContain(strategy.pick(all, exchange));
      }
    }
  });
});

describe('unitHash', () => {
  it('is spread evenly and depends on every character', () => {
    const buckets = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) {
      const bucket = Math.floor(unitHash(`key-${i}`) * 10);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    for (const count of buckets) expect(Math.abs(count - 1_000)).toBeLessThan(150);
    void fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const hash = unitHash(text);
        expect(hash).toBeGreaterThan(0);
        expect(hash).toBeLessThan(1);
        expect(unitHash(`${text}x`)).not.toBe(hash);
      }),
    );
  });
});
