import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { diffPolicies, type PolicyDiff } from '../../src/policy/analysis/diff.ts';
import type { PolicyConfig, PolicyRequest } from '../../src/policy/index.ts';
import { type Plain, policySetOf, requestOf } from '../support/policy.ts';

type RuleSketch = { action: 'allow' | 'deny'; match: string };
type ListRuleSketch = { action: 'show' | 'hide'; match: string };

/** Conditions over few paths, so that all requests that matter can be written down. */
const vocabularies: readonly (readonly string[])[] = [
  [
    "Contains('jwt.groups', 'a')",
    "Contains('jwt.groups', 'b')",
    "OneOf('jwt.groups', 'a', 'b')",
    "Equals('jwt.groups', 'a')",
  ],
  [
    "Gt('mcp.params.arguments.n', '5')",
    "Lt('mcp.params.arguments.n', '7')",
    "Equals('mcp.params.arguments.n', '6')",
    "Exists('mcp.params.arguments.n')",
  ],
  [
    "Equals('mcp.params.name', 't1')",
    "Prefix('mcp.params.name', 't')",
    "OneOf('mcp.params.name', 't1', 't2')",
    "Matches('mcp.params.name', '^t[0-9]$')",
  ],
  [
    "Equals('mcp.method', 'tools/call')",
    "Prefix('mcp.method', 'tools/')",
    "Equals('mcp.params.name', 't1')",
    "Contains('jwt.groups', 'a')",
  ],
  [
    "Equals('mcp.params.arguments.n', '${jwt.sub}')",
    "Equals('jwt.sub', '6')",
    "Exists('jwt.sub')",
    "Gt('mcp.params.arguments.n', '5')",
  ],
  [
    "OneOf('mcp.params.name', '${jwt.groups}')",
    "Contains('jwt.groups', 't1')",
    "Equals('mcp.method', 'prompts/get')",
    "Exists('mcp.params.arguments.n')",
  ],
];

const values: readonly (Plain | undefined)[] = [
  undefined,
  null,
  'a',
  'b',
  't1',
  '6',
  '5',
  6,
  7,
  5,
  8,
  6.5,
  ['a'],
  ['a', 'b'],
  ['t1'],
  [6],
  {},
  true,
  '',
];
const groups: readonly (Plain | undefined)[] = [
  undefined,
  null,
  'a',
  'ab',
  ['a'],
  ['b'],
  ['a', 'b'],
  ['c'],
  [],
  ['t1', 't2'],
  't1',
  {},
  6,
];
const names: readonly (Plain | undefined)[] = ['t1', 't2', 't', 'x', ''];
const methods = ['tools/call', 'prompts/get', 'tools/list', 'ping', 'logging/setLevel', 'x/y'];

function requestsFor(vocabulary: readonly string[]): PolicyRequest[] {
  const uses = (path: string) => vocabulary.some((text) => text.includes(path));
  const choose = <T>(path: string, all: readonly T[]): readonly T[] => (uses(path) ? all : all.slice(0, 1));
  const requests: PolicyRequest[] = [];
  for (const method of methods)
    for (const name of choose('mcp.params.name', names))
      for (const group of choose('jwt.groups', groups))
        for (const sub of choose('jwt.sub', [undefined, '6', 6, 'a', '7', ['a'], null]))
          for (const n of choose('arguments.n', values)) {
            const claims = { ...(group === undefined ? {} : { groups: group }), ...(sub === undefined ? {} : { sub }) };
            requests.push(
              requestOf({
                mcp: {
                  jsonrpc: '2.0',
                  id: 1,
                  method,
                  params: { ...(name === undefined ? {} : { name }), arguments: n === undefined ? {} : { n } },
                },
                jwt: claims,
              }),
            );
          }
  return requests;
}

const worlds = vocabularies.map((vocabulary) => ({ vocabulary, requests: requestsFor(vocabulary) }));

function expressionOf(vocabulary: readonly string[]): fc.Arbitrary<string> {
  const call = fc.constantFrom(...vocabulary);
  return fc.letrec<{ any: string }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 2 },
      { arbitrary: call, weight: 3 },
      { arbitrary: tie('any').map((inner) => `!(${inner})`), weight: 1 },
      { arbitrary: fc.tuple(tie('any'), tie('any')).map(([a, b]) => `(${a}) && (${b})`), weight: 2 },
      { arbitrary: fc.tuple(tie('any'), tie('any')).map(([a, b]) => `(${a}) || (${b})`), weight: 1 },
    ),
  })).any;
}

function configOf(vocabulary: readonly string[]): fc.Arbitrary<PolicyConfig> {
  const expression = expressionOf(vocabulary);
  const rule: fc.Arbitrary<RuleSketch> = fc.record({ action: fc.constantFrom('allow', 'deny'), match: expression });
  const listRule: fc.Arbitrary<ListRuleSketch> = fc.record({
    action: fc.constantFrom('show', 'hide'),
    match: expression,
  });
  return fc.record({
    policies: fc.array(rule, { maxLength: 3 }),
    defaultAction: fc.constantFrom('allow', 'deny'),
    listPolicies: fc.array(listRule, { maxLength: 1 }),
  });
}

const pair = fc.nat(vocabularies.length - 1).chain((index) => {
  const { vocabulary, requests } = worlds[index] as (typeof worlds)[number];
  return fc.record({ requests: fc.constant(requests), before: configOf(vocabulary), after: configOf(vocabulary) });
});

const runs = Number(process.env['FUZZ_RUNS'] ?? 150);

/** Whether one of the named cells of a diff holds the request. */
function told(diff: PolicyDiff, direction: 'gained' | 'lost', request: PolicyRequest, written: string): boolean {
  const method = String(request.mcp.get('method'));
  const name = (request.mcp.get('params') as ReadonlyMap<string, unknown>).get('name');
  const compared = [...written.matchAll(/(?:Equals|OneOf)\('mcp.params.name', '(\w+)'(?:, '(\w+)')?/g)].flatMap(
    (match) => match.slice(1),
  );
  const covers = (each: {
    kind: string;
    method: string | undefined;
    item: { value: string | undefined } | undefined;
  }) => {
    if ((each.method ?? 'x/y') !== method || each.kind !== 'request') return false;
    if (each.item === undefined) return true;
    return each.item.value === undefined ? !compared.includes(String(name)) : each.item.value === name;
  };
  const all = [...diff.changes, ...diff.unknown].filter((change) => change.direction === direction);
  return all.some(covers) || diff.unexamined.some(covers);
}

describe('policy diff against brute force', () => {
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
