import fc from 'fast-check';
import type { PolicyConfig, PolicyRequest } from '../../src/policy/index.ts';
import { type Plain, requestOf } from '../support/policy.ts';

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
    "Contains('mcp.params.arguments.n', 'b')",
    "Suffix('mcp.params.arguments.n', 'b')",
    "SplitContains('mcp.params.arguments.n', ' ', 'a')",
    "Prefix('mcp.params.arguments.n', 'a')",
  ],
  [
    "Equals('mcp.params.arguments.n', 6)",
    "Equals('mcp.params.arguments.n', '6')",
    "OneOf('mcp.params.arguments.n', 6, 'a', 7)",
    "Gte('mcp.params.arguments.n', 6.5)",
  ],
  [
    "Gt('mcp.params.arguments.n', '${jwt.sub}')",
    "Lte('mcp.params.arguments.n', '6')",
    "Exists('mcp.params.arguments')",
    "Equals('mcp.params.arguments', 'a')",
  ],
  [
    "Prefix('mcp.params.arguments.n', '${jwt.sub}')",
    "Exists('jwt.sub.inner')",
    "Equals('jwt.sub', 'a')",
    "Equals('mcp.params.name', '${jwt.sub}')",
  ],
  [
    "Equals('mcp.params.uri', 'u')",
    "Equals('mcp.params.name', 't1')",
    "Exists('mcp.id')",
    "Prefix('mcp.params.uri', '${jwt.sub}')",
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
const methods = [
  'tools/call',
  'prompts/get',
  'tools/list',
  'ping',
  'logging/setLevel',
  'x/y',
  'completion/complete',
  'subscriptions/listen',
];

const named: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'tools/list', 'x/y']);
const paramsOf: Readonly<Record<string, (name: string) => { readonly [key: string]: Plain }>> = {
  'completion/complete': (name) => ({ ref: { type: 'ref/prompt', name } }),
  'subscriptions/listen': (name) => ({
    notifications: { toolsListChanged: true, ...(name === 'x' ? { other: true } : {}) },
  }),
};

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
                  params: {
                    ...paramsOf[method]?.(String(name)),
                    ...(named.has(method) ? { name: name ?? '' } : {}),
                    arguments: n === undefined ? {} : { n },
                  },
                },
                jwt: claims,
              }),
            );
            if (method === 'ping' && n === undefined)
              requests.push(requestOf({ kind: 'stream', mcp: {}, jwt: claims }));
          }
  return requests;
}

export const worlds = vocabularies.map((vocabulary) => ({ vocabulary, requests: requestsFor(vocabulary) }));

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

export function configOf(vocabulary: readonly string[]): fc.Arbitrary<PolicyConfig> {
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
