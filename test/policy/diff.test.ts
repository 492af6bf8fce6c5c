import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { diffPolicies, type PolicyDiff } from '../../src/policy/analysis/diff.ts';
import type { PolicyRequest } from '../../src/policy/index.ts';
import { policySetOf } from '../support/policy.ts';
import { configOf, worlds } from './small-worlds.ts';

const pair = fc.nat(worlds.length - 1).chain((index) => {
  const { vocabulary, requests } = worlds[index] as (typeof worlds)[number];
  return fc.record({ requests: fc.constant(requests), before: configOf(vocabulary), after: configOf(vocabulary) });
});

const runs = Number(process.env['FUZZ_RUNS'] ?? 100);

/** Whether one of the named cells of a diff holds the request. */
function told(diff: PolicyDiff, direction: 'gained' | 'lost', request: PolicyRequest, written: string): boolean {
  const method = request.mcp.get('method') ?? 'x/y';
  const params = (request.mcp.get('params') ?? new Map()) as ReadonlyMap<string, unknown>;
  const name = params.get('name') ?? (params.get('ref') as ReadonlyMap<string, unknown> | undefined)?.get('name');
  const compared = [...written.matchAll(/(?:Equals|OneOf)\('mcp.params.name', '(\w+)'(?:, '(\w+)')?/g)].flatMap(
    (match) => match.slice(1),
  );
  const covers = (each: {
    kind: string;
    method: string | undefined;
    item: { value: string | undefined } | undefined;
  }) => {
    if ((each.method ?? 'x/y') !== method || each.kind !== request.kind) return false;
    if (each.item === undefined) return true;
    return each.item.value === undefined ? !compared.includes(String(name)) : each.item.value === name;
  };
  const all = [...diff.changes, ...diff.unknown].filter((change) => change.direction === direction);
  return all.some(covers) || diff.unexamined.some(covers);
}

// Much to compute: the limit is one for a machine that has much else to do.
describe('policy diff against brute force', { timeout: 180_000 }, () => {
  it('[PL-4.diff-sound] what it calls unchanged is unchanged, and every example is one', () => {
    let differing = 0;
    let settled = 0;
    let unsettled = 0;
    fc.assert(
      fc.property(pair, ({ requests, before, after }) => {
        const [old, young] = [policySetOf(before), policySetOf(after)];
        const diff = diffPolicies(old, young);
        for (const request of requests) {
          const [was, is] = [old.decide(request).allowed, young.decide(request).allowed];
          if (was === is) continue;
          differing += 1;
          if (!told(diff, is ? 'gained' : 'lost', request, JSON.stringify([before, after]))) {
            throw new Error(`missed: ${[...request.mcp].map(String)} ${JSON.stringify(request.mcp.get('method'))}`);
          }
        }
        for (const { example, direction } of diff.changes) {
          if (example === undefined) throw new Error('a change without an example');
          expect(old.decide(example).allowed).toBe(direction === 'lost');
          expect(young.decide(example).allowed).toBe(direction === 'gained');
        }
        settled += diff.changes.length;
        unsettled += diff.unknown.length + diff.unexamined.length;
      }),
      { numRuns: runs },
    );
    expect(differing).toBeGreaterThan(runs);
    // It must not get away with knowing nothing.
    expect(unsettled).toBeLessThan(settled / 20);
  });

  it('[PL-6.diff-lists] the same holds for lists', () => {
    let differing = 0;
    fc.assert(
      fc.property(pair, ({ requests, before, after }) => {
        const [old, young] = [policySetOf(before), policySetOf(after)];
        const diff = diffPolicies(old, young);
        for (const request of requests.filter((_, index) => index % 7 === 0)) {
          for (const name of ['t1', 't2', 'x']) {
            const item = new Map([['name', name]]);
            const [was, is] = [old.visible('tools', item, request), young.visible('tools', item, request)];
            if (was === is) continue;
            differing += 1;
            const direction = is ? 'gained' : 'lost';
            const all = [...diff.lists, ...diff.unknownLists];
            if (
              !all.some((each) => each.list === 'tools' && each.direction === direction && (each.item ?? name) === name)
            )
              throw new Error(`missed ${name} ${direction}`);
          }
        }
        for (const { example, direction, list } of diff.lists) {
          if (example === undefined) throw new Error('a change without an example');
          expect(old.visible(list, example.item, example.request)).toBe(direction === 'lost');
          expect(young.visible(list, example.item, example.request)).toBe(direction === 'gained');
        }
      }),
      { numRuns: runs },
    );
    expect(differing).toBeGreaterThan(runs);
  });

  test('a policy does not differ from itself', () => {
    fc.assert(
      fc.property(pair, ({ before }) => {
        expect(diffPolicies(policySetOf(before), policySetOf(before))).toEqual({
          changes: [],
          unknown: [],
          unexamined: [],
          lists: [],
          unknownLists: [],
        });
      }),
      { numRuns: 50 },
    );
  });
});
