import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ObjectValue, Value } from '../../src/expression/index.ts';
import { policyMatrix } from '../../src/policy/analysis/matrix.ts';
import { reachOf } from '../../src/policy/analysis/reach.ts';
import { policySetOf } from '../support/policy.ts';
import { configOf, worlds } from './small-worlds.ts';

const sketch = fc.nat(worlds.length - 1).chain((index) => {
  const { vocabulary, requests } = worlds[index] as (typeof worlds)[number];
  return fc.record({ requests: fc.constant(requests), config: configOf(vocabulary) });
});

const numRuns = Number(process.env['FUZZ_RUNS'] ?? 100);

describe('what is proven of policies, against brute force', () => {
  it('[PL-4.reach-sound] a rule that is said never to apply or decide never does', () => {
    let dead = 0;
    fc.assert(
      fc.property(sketch, ({ requests, config }) => {
        const set = policySetOf(config);
        const reach = reachOf(set);
        dead += reach.filter(({ canDecide }) => !canDecide).length;
        for (const request of requests) {
          const { rule } = set.decide(request);
          if (rule !== undefined) expect(reach[rule]).toMatchObject({ canApply: true, canDecide: true });
        }
      }),
      { numRuns },
    );
    expect(dead).toBeGreaterThan(5);
  });

  it('[PL-4.reach-sound] a rule whose condition is said never to be true grants nothing as a rule that allows', () => {
    let never = 0;
    fc.assert(
      fc.property(sketch, ({ requests, config }) => {
        reachOf(policySetOf(config)).forEach(({ canHold }, index) => {
          if (canHold) return;
          never += 1;
          const rule = config.policies?.[index];
          const alone = policySetOf({
            policies: rule === undefined ? [] : [{ ...rule, action: 'allow' }],
            defaultAction: 'deny',
          });
          for (const request of requests) expect(alone.decide(request).rule).toBeUndefined();
        });
      }),
      { numRuns: numRuns * 5 },
    );
    expect(never).toBeGreaterThan(0);
  });

  it('[PL-6.matrix-sound] always and never hold for every request, sometimes was shown both ways', () => {
    const seen = { always: 0, never: 0, sometimes: 0, unknown: 0 };
    fc.assert(
      fc.property(sketch, fc.boolean(), ({ requests, config }, known) => {
        const set = policySetOf(config);
        const claims: ObjectValue = new Map<string, Value>([['groups', ['a']]]);
        const caller = known ? { label: 'a', claims } : { label: 'a', claims: { path: ['groups'], value: ['a'] } };
        const columns = ['t1', 't2', undefined].map((item) => ({ list: 'tools' as const, item }));
        const [row = []] = policyMatrix(set, { callers: [caller], columns }).entries;
        row.forEach(({ verdict, allowed, denied }, index) => {
          seen[verdict] += 1;
          if (verdict === 'sometimes') {
            expect(allowed !== undefined && set.decide(allowed).allowed).toBe(true);
            expect(denied !== undefined && set.decide(denied).allowed).toBe(false);
          }
          if (verdict !== 'always' && verdict !== 'never') return;
          for (const request of requests) {
            if (request.mcp.get('method') !== 'tools/call') continue;
            const name = (request.mcp.get('params') as ObjectValue).get('name');
            const named = columns[index]?.item;
            if (named === undefined ? name === 't1' || name === 't2' : name !== named) continue;
            const jwt = known ? claims : new Map<string, Value>([...(request.jwt ?? []), ['groups', ['a']]]);
            expect(set.decide({ ...request, jwt }).allowed).toBe(verdict === 'always');
          }
        });
      }),
      { numRuns },
    );
    expect(seen.always).toBeGreaterThan(5);
    expect(seen.never).toBeGreaterThan(5);
    expect(seen.sometimes).toBeGreaterThan(5);
    expect(seen.unknown).toBeLessThan((seen.always + seen.never + seen.sometimes) / 20);
  });
});
