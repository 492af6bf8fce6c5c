import { describe, expect, it } from 'vitest';
import { NameCache, type ResolvedAddress } from './name-cache.ts';

const at = (...addresses: string[]): ResolvedAddress[] => addresses.map((address) => ({ address, family: 4 }));

function cache(): {
  names: NameCache;
  clock: { now: number };
  resolver: { answer: () => Promise<ResolvedAddress[]>; asked: number };
} {
  const clock = { now: 1_000 };
  const resolver = { answer: () => Promise.resolve(at('10.0.0.1')), asked: 0 };
  const names = new NameCache(
    () => {
      resolver.asked += 1;
      return resolver.answer();
    },
    () => clock.now,
  );
  return { names, clock, resolver };
}

describe('[SEC-dns] resolved names', () => {
  it('are asked for once however many wait, and again after 5 seconds', async () => {
    const { names, clock, resolver } = cache();
    await Promise.all([1, 2, 3].map(() => names.resolve('a.test')));
    expect(resolver.asked).toBe(1);
    clock.now += 4_999;
    await names.resolve('a.test');
    expect(resolver.asked).toBe(1);
    clock.now += 1;
    resolver.answer = () => Promise.resolve(at('10.0.0.2'));
    expect(await names.resolve('a.test')).toEqual(at('10.0.0.2'));
    expect(resolver.asked).toBe(2);
  });

  it.each([
    ['fails', () => Promise.reject(new Error('SERVFAIL'))],
    ['says there is nothing', () => Promise.resolve([])],
  ])('go on for ten minutes while the resolver %s, and not longer', async (_what, broken) => {
    const { names, clock, resolver } = cache();
    await names.resolve('a.test');
    resolver.answer = broken;
    for (const later of [5_000, 594_999]) {
      clock.now = 1_000 + later;
      expect(await names.resolve('a.test')).toEqual(at('10.0.0.1'));
    }
    clock.now = 1_000 + 600_000;
    await expect(names.resolve('a.test')).rejects.toThrow();
    resolver.answer = () => Promise.resolve(at('10.0.0.3'));
    expect(await names.resolve('a.test')).toEqual(at('10.0.0.3'));
  });

  it('that were never resolved fail, and are asked for again', async () => {
    const { names, resolver } = cache();
    resolver.answer = () => Promise.reject(new Error('NXDOMAIN'));
    await expect(names.resolve('a.test')).rejects.toThrow('NXDOMAIN');
    await expect(names.resolve('a.test')).rejects.toThrow('NXDOMAIN');
    expect(resolver.asked).toBe(2);
  });
});
